/** Chance that can be had again: the same seed, the same choices (mulberry32). */
export interface Random {
  /** In [0, 1). */
  next: () => number;
  /** A whole number from `low` to `high`. */
  between: (low: number, high: number) => number;
  pick: <T>(choices: readonly T[]) => T;
  /** One of the names, each as often as its weight says. */
  weighted: <K extends string>(weights: Readonly<Record<K, number>>) => K;
}

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (choices) => choices[Math.floor(next() * choices.length)]!,
    weighted<K extends string>(weights: Readonly<Record<K, number>>) {
      const all = Object.entries(weights) as [K, number][];
      let left = next() * all.reduce((sum, [, weight]) => sum + weight, 0);
      return (all.find(([, weight]) => (left -= weight) < 0) ?? all.at(-1)!)[0];
    },
  };
}
