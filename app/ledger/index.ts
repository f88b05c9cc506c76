/**
 * Credits in double entry. Every verb takes an open transaction, so that it is committed with its reason: the payment
 * that it is for, "done" of the update that brought it, the job that does the work (fault charge-without-record).
 */
export { InsufficientCredits, type Balance } from './balance.ts';
export { checkAfter, checkLedger, isSound, type LedgerCheck } from './check.ts';
export { balanceOf, CauseReused, lockAccounts, type Movement, type Posted, type SystemAccount } from './post.ts';
export { release, releaseExpired, reserve, ReserveEnded, settle, type Settled } from './reserve.ts';
export { adjust, clawback, credit } from './verbs.ts';
