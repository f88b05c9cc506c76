/** Amounts of money as providers write them, exactly: no floating point stands between what was paid and what is credited. */

/** units / 10^scale */
export interface Decimal {
  units: bigint;
  scale: number;
}

const FORM = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/i;
/** Digits before or after the point: beyond any currency. */
const MOST = 60;

/** Undefined for what is no amount: negative, NaN, infinite, missing, absurdly long. */
export function decimal(value: unknown): Decimal | undefined {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  const [, whole, part = '', exponent = '0'] = FORM.exec(text) ?? [];
  if (whole === undefined || text.length > MOST) return undefined;
  const scale = part.length - Number(exponent);
  if (Math.abs(scale) > MOST) return undefined;
  const units = BigInt(whole + part);
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

/** One as a share of the other, as two whole numbers; undefined where the whole is nothing. */
export function share(part: Decimal, whole: Decimal): Share | undefined {
  if (whole.units === 0n) return undefined;
  const scale = Math.max(part.scale, whole.scale);
  const at = ({ units, scale: own }: Decimal) => units * 10n ** BigInt(scale - own);
  return { part: at(part), whole: at(whole) };
}

export interface Share {
  part: bigint;
  whole: bigint;
}

/** Rounded down: never more than was paid for. */
export const of = ({ part, whole }: Share, amount: bigint): bigint => (amount * part) / whole;

export const WHOLE: Share = { part: 1n, whole: 1n };

/** Of hundredths, as "1.45". */
export const fromCents = (cents: bigint): string => `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
