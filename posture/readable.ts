/** Numbers as a person reads them in a sum or a table. What goes back into a posture is written by `units.ts`. */

const SIZES = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const;

const TIMES = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const;

export const plain = (value: number): string => String(Number(value.toFixed(2)));

export function size(bytes: number): string {
  const scale = SIZES.find(([, factor]) => bytes >= factor);
  return scale ? `${Number((bytes / scale[1]).toFixed(1))} ${scale[0]}` : `${bytes} B`;
}

/** Milliseconds in one to three units: `4.752s`, `150s`, `6m 20s`, `23h 59m 50s`, `7d`. */
export function ms(milliseconds: number): string {
  if (milliseconds < 1000 && milliseconds > 0) return `${milliseconds}ms`;
  if (milliseconds < 180_000) return `${milliseconds / 1000}s`;
  const parts: string[] = [];
  let rest = milliseconds;
  for (const [unit, factor] of TIMES) {
    const whole = Math.floor(rest / factor);
    // A day is 24h in the prose of Telegram's lifetimes.
    if (whole === 0 || (unit === 'd' && whole === 1)) continue;
    parts.push(`${whole}${unit}`);
    rest -= whole * factor;
  }
  if (rest > 0) parts.push(`${rest / 1000}s`);
  return parts.join(' ');
}
