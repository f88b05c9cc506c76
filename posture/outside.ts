/** Facts of the outside world that the laws lean on: limits of Telegram, ECS, RDS. Durations in ms. */

const SECOND = 1000;
const HOUR = 3_600_000;

/** Telegram, from the source of its Bot API server and its documentation. */
export const TELEGRAM = {
  /** It waits this long for the answer to a webhook request. */
  webhookTimeout: 60 * SECOND,
  /** It keeps an update that nobody acknowledged this long, by type; every other type `update`. */
  lifetime: {
    update: 24 * HOUR,
    callback_query: 150 * SECOND,
    pre_checkout_query: 150 * SECOND,
    shipping_query: 150 * SECOND,
    inline_query: 30 * SECOND,
  },
  /** A pre-checkout query is to be answered within this time, or the payment is cancelled. */
  preCheckoutAnswer: 10 * SECOND,
  /** Retry-After beyond this is not worth it: what expires meanwhile is dropped. */
  retryAfterAtMost: 10 * SECOND,
  /** After so long without an update, the id of the next one is chosen at random (Bot API, "Update"). */
  idsRestart: 7 * 24 * HOUR,
  /** Characters of the longest text message. */
  longestText: 4096,
} as const;

/** Providers of payments, from their documentation. */
export const CALLBACKS = {
  /** How long each waits for the answer to a callback; of Crypto Pay it is not documented. */
  waits: { nowPayments: 3 * SECOND },
} as const;

/** How long Telegram keeps an unacknowledged update of a type, ms. */
export const lifetimeOf = (type: string): number =>
  (TELEGRAM.lifetime as Record<string, number>)[type] ?? TELEGRAM.lifetime.update;

/** Amazon ECS on Fargate. */
export const ECS = {
  longestStopTimeout: 120 * SECOND,
  /** Failed tasks that trip the deployment circuit breaker: half of the desired count, at least 3, at most 200. */
  failuresToTrip: (desired: number): number => Math.min(200, Math.max(3, Math.ceil(desired / 2))),
  /** Tasks that a deploy may have running: maximumPercent rounded down. */
  mostRunning: (desired: number, surge: number): number => Math.floor(Number((desired * surge).toFixed(6))),
  /** Tasks that a deploy keeps running: minimumHealthyPercent rounded up. */
  leastRunning: (desired: number, share: number): number => Math.ceil(Number((desired * share).toFixed(6))),
} as const;

const GIB = 2 ** 30;
const gibs = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => (from + index) * GIB);

/** Memory sizes, bytes, that Fargate offers for each number of CPU units. */
export const FARGATE_MEMORY: Readonly<Record<256 | 512 | 1024 | 2048 | 4096, readonly number[]>> = {
  256: [GIB / 2, GIB, 2 * GIB],
  512: gibs(1, 4),
  1024: gibs(2, 8),
  2048: gibs(4, 16),
  4096: gibs(8, 30),
};

/** Amazon RDS for PostgreSQL. */
export const RDS = {
  /** Its own default for max_connections: LEAST(memory / 9531392, 5000). */
  defaultMaxConnections: (memory: number): number => Math.min(Math.floor(memory / 9_531_392), 5000),
  longestBackupRetention: 35 * 24 * HOUR,
  /** Storage autoscaling: at this share of free storage, and not again within the pause. */
  autoscaleAtFree: 0.1,
  autoscalePause: 6 * HOUR,
  /** Least length of a backup or maintenance window. */
  shortestWindow: 30 * 60 * SECOND,
  /** Failover to a standby in another zone, at worst as documented. */
  failover: 120 * SECOND,
  /** Point-in-time recovery reaches to this long before now, as documented. */
  recoveryPoint: 300 * SECOND,
} as const;
