/**
 * What a provider is given as the name of an order, and gives back: who ordered, and the order's id. Who ordered stands
 * there so that a callback finds its lane without a query; whom the money is credited to, the order itself says.
 */

/** At most 43 characters, ASCII. */
export const referenceOf = ({ userId, id }: { userId: number; id: string }): string => `${userId}-${id}`;

const REFERENCE = /^(\d{1,16})-(o[0-9a-z]{1,25})$/;

/** Undefined for what we have not written. */
export const orderIn = (reference: unknown): string | undefined =>
  typeof reference === 'string' ? REFERENCE.exec(reference)?.[2] : undefined;

export const payerIn = (reference: unknown): number | undefined => {
  const id = typeof reference === 'string' ? Number(REFERENCE.exec(reference)?.[1]) : NaN;
  return Number.isSafeInteger(id) ? id : undefined;
};
