/** Chance that can be had again: a failed run prints its seed, and `FORCE_SEED=<seed>` repeats its choices. */
import { randomOf } from '../../scripts/soak/random.ts';

export interface Random {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
  between(low: number, high: number): number;
  pick<T>(choices: readonly T[]): T;
  /** `count` moments in [from, to), in order. */
  moments(count: number, from: number, to: number): number[];
}

export function seeded(seed = Number(process.env['FORCE_SEED'] ?? Math.floor(Math.random() * 2 ** 32))): Random {
  const { next, pick } = randomOf(seed);
  const between = (low: number, high: number) => low + next() * (high - low);
  return {
    seed,
    next,
    between,
    pick,
    moments: (count, from, to) => Array.from({ length: count }, () => between(from, to)).sort((a, b) => a - b),
  };
}
