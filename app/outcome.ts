/** How the handling of an update may end, beside well. Each origin has its class; lanes/decide.ts says what it means. */

/** Not now: come back after `after` ms. Uses no attempt (faults rate-limit, no-breaker). */
export class RetryLater extends Error {
  readonly after: number;
  constructor(after: number, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'RetryLater';
    this.after = after;
  }
}

/** Trying again cannot help: parked at once (fault retry-blind). */
export class Hopeless extends Error {
  override readonly name = 'Hopeless';
}

/** The user has blocked the bot or left: there is nobody to answer. Counts as handled. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/**
 * A message left for Telegram, and nobody knows whether it arrived. It is not sent again: the update is done, and its
 * send stays in `inbox.sends` for a person (fault ambiguous-send).
 */
export class UnknownSend extends Error {
  override readonly name = 'UnknownSend';
}

/** This worker no longer holds the lane: another one has taken it over. Nothing more may be done for it here. */
export class LaneLost extends Error {
  override readonly name = 'LaneLost';
}

/** This worker no longer holds the job: it was put back, ended, or begun again elsewhere. */
export class JobLost extends Error {
  override readonly name = 'JobLost';
}

/** The handler did not end within its deadline (fault no-timeout). */
export class HandlerTimeout extends Error {
  override readonly name = 'HandlerTimeout';
}
