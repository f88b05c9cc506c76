/**
 * How long an update, or a message, waits that is not at fault itself. How often it may wait is the budget of its
 * `patience` in the posture.
 */

/** ms. */
const [SHORTEST, LONGEST] = [1_000, 300_000];

/** Half of the update's age (ms), so that pauses grow with the outage. */
export const pauseOf = (age: number): number => Math.min(Math.max(age / 2, SHORTEST), LONGEST);
