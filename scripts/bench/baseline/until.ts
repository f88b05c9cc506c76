import { setTimeout as sleep } from 'node:timers/promises';

/** Looks until there is something, and returns it. @throws after `within` ms */
export async function until<T>(
  look: () => T | Promise<T>,
  what: string,
  within = 120_000,
): Promise<NonNullable<Awaited<T>>> {
  const deadline = performance.now() + within;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (performance.now() > deadline) throw new Error(`not within ${within / 1000} s: ${what}`);
    await sleep(50);
  }
}
