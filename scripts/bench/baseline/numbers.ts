/** What both sides are measured by. */

/** Connections of the reported bot. */
export const POOL = 15;
/** How long it waits for one, ms; reported: 10 s. */
export const ACQUIRE = 1_500;
/** Credits of a picture. */
export const IMAGE = 10;
/** How it looks at a render, ms; reported: every 2 s, for 120 s. */
export const POLL_EVERY = 500;
export const POLLS = 120;
/** Credits that each person has at the start. */
export const CREDITS = 100;
