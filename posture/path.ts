/** A value of the posture by its path, `database.timeouts.query`. */

type Node = Record<string, unknown>;

export const valueAt = (root: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((node, step) => (node as Node | undefined)?.[step], root);

/** A copy of the root with another value at the path; all that does not lie on the path is shared. */
export function withValue<T>(root: T, path: string, value: unknown): T {
  const [step, ...rest] = path.split('.') as [string, ...string[]];
  const node = root as Node;
  return { ...node, [step]: rest.length > 0 ? withValue(node[step] ?? {}, rest.join('.'), value) : value } as T;
}
