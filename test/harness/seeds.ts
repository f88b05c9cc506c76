/** How many random choices a test makes: few in `npm test`, as many as one likes by `SEEDS=200`, all of them again by `FIRST_SEED=17`. */

/** @param few as many as `npm test` can afford */
export function seeds(few: number): { count: number; first: number } {
  const { SEEDS: count, FIRST_SEED: first } = process.env;
  return { count: Number(count ?? few), first: Number(first ?? Math.floor(Math.random() * 1_000_000)) };
}
