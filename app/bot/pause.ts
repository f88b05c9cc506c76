/** How long an update waits that is not at fault itself. How often it may wait is the budget `jobs.<queue>.patience`. */

/** ms. */
const [SHORTEST, LONGEST] = [1_000, 300_000];

/** Half of the update's age (ms), so that pauses grow with the outage. */
export const pauseOf = (age: number): number => Math.min(Math.max(age / 2, SHORTEST), LONGEST);
