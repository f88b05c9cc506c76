/** Chance that can be had again: a failed run prints its seed, and `FORCE_SEED=<seed>` repeats its choices. */
export interface Random {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
  between(low: number, high: number): number;
  pick<T>(choices: readonly T[]): T;
  /** `count` moments in [from, to), in order. */
  moments(count: number, from: number, to: number): number[];
}

/** mulberry32: small, and good enough to choose victims and moments. */
export function seeded(seed = Number(process.env['FORCE_SEED'] ?? Math.floor(Math.random() * 2 ** 32))): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number) => low + next() * (high - low);
  return {
    seed,
    next,
    between,
    pick: (choices) => choices[Math.floor(next() * choices.length)]!,
    moments: (count, from, to) => Array.from({ length: count }, () => between(from, to)).sort((a, b) => a - b),
  };
}
