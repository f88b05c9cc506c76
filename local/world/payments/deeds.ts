/** What can become of money at a simulated provider, by the status that it is in. */

export interface Deed {
  /** On its button. */
  label: string;
  /** Status, or those, in which it can be done. */
  at: string | readonly string[];
  does: (id: number) => void;
}

const fits = ({ at }: Deed, status: string | undefined): boolean =>
  status !== undefined && (typeof at === 'string' ? at === status : at.includes(status));

/** Those that can be done now. */
export const labels = (deeds: Record<string, Deed>, status: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(deeds)
      .filter(([, deed]) => fits(deed, status))
      .map(([name, { label }]) => [name, label]),
  );

/** @throws {RangeError} where there is no such deed, no such payment, or it cannot be done now */
export function play(deeds: Record<string, Deed>, name: string, id: number, status: string | undefined): void {
  const deed = Object.hasOwn(deeds, name) ? deeds[name] : undefined;
  if (!deed || !fits(deed, status))
    throw new RangeError(`"${name}" cannot become of ${id}: it is ${status ?? 'unknown'}`);
  deed.does(id);
}
