/** Which keys of the posture two versions have, from the schema that each keeps for editors. */

interface Node {
  properties?: Record<string, Node>;
  default?: unknown;
}

export interface KeyChanges {
  /** Keys that were there and are refused now. */
  gone: string[];
  /** Keys that are new, with their default; none for one that stands for nothing when it is left away. */
  fresh: { path: string; value: string }[];
  /** Keys whose default is another, for whoever does not write them. */
  moved: { path: string; from: string; to: string }[];
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none'));

/** Defaults by path, of all that is no section. */
function leaves(node: Node, path: readonly string[] = []): [string, string][] {
  if (!node.properties) return [[path.join('.'), shown(node.default)]];
  return Object.entries(node.properties).flatMap(([key, child]) => leaves(child, [...path, key]));
}

/** The posture's part of a stack file's schema. */
function posture(schemaText: string): Map<string, string> {
  const schema = JSON.parse(schemaText) as Node;
  const part = schema.properties?.['config']?.properties?.['evenkeel:posture'];
  if (!part) throw new Error('posture.schema.json has no evenkeel:posture under config');
  return new Map(leaves(part));
}

/** @param before text of `posture.schema.json` then, @param now text of it today */
export function keyChanges(before: string, now: string): KeyChanges {
  const [old, fresh] = [posture(before), posture(now)];
  return {
    gone: [...old.keys()].filter((path) => !fresh.has(path)),
    fresh: [...fresh].filter(([path]) => !old.has(path)).map(([path, value]) => ({ path, value })),
    moved: [...fresh].flatMap(([path, to]) => {
      const from = old.get(path);
      return from === undefined || from === to ? [] : [{ path, from, to }];
    }),
  };
}
