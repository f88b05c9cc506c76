/** In ms. */
export const LENGTHS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export type Unit = keyof typeof LENGTHS;

/** Of what is said again: a message of Telegram's, less what stands before it. */
export const LIMIT = 4000;
