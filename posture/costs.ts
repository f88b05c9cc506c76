/**
 * What one update costs, as it was measured: data, to be replaced by the next measurement (`npm run bench`), never typed
 * into a law. Microseconds of CPU an update, by whose it is: at a steady trickle, where nothing is shared, and in a flood,
 * where INSERTs, claims and commits are shared by many.
 */
export const MEASURED = {
  date: '2026-11-26',
  machine: 'two cores of a virtual x86-64 server, PostgreSQL 18 beside the tasks, one round each (`--quick`)',
  /** Updates a second of the trickle. */
  trickle: 500,
  micros: {
    database: { trickle: 756, flood: 100 },
    web: { trickle: 332, flood: 84 },
    worker: { trickle: 648, flood: 236 },
  },
  /**
   * How long a webhook request takes one of Telegram's connections in a flood, ms. Measured, 100 connections ÷ 17,687
   * answers a second, are 5.7; the rest is an allowance for the way through a balancer, which the bench does not have.
   */
  ack: 10,
} as const;

export type Payer = keyof typeof MEASURED.micros;

/**
 * Updates a second that some cores bear. Below the trickle each costs as much as there; above, what is shared stands and
 * each further one costs as in a flood. Both measured points lie on or below the line, so that it promises too little.
 */
export function bearable(payer: Payer, cores: number): number {
  const { trickle, flood } = MEASURED.micros[payer];
  const standing = ((trickle - flood) * MEASURED.trickle) / 1e6;
  return Math.max((cores * 1e6) / trickle, ((cores - standing) * 1e6) / flood);
}

/** Cores that an instance class has for ever, bursts not counted (AWS listing: vCPUs by baseline). */
export const SUSTAINED_CORES = {
  'db.t4g.micro': 2 * 0.1,
  'db.t4g.small': 2 * 0.2,
  'db.t4g.medium': 2 * 0.2,
  'db.t4g.large': 2 * 0.3,
  'db.m7g.large': 2,
  'db.m7g.xlarge': 4,
  'db.m7g.2xlarge': 8,
  'db.r7g.large': 2,
  'db.r7g.xlarge': 4,
} as const;
