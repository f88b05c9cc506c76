/**
 * What becomes of an access: tried, paid for, cancelled, ended. Each verb takes an open transaction and the row's lock, does
 * nothing that the states do not know, and has the provider told by a job in the same commit (fault expiry-renewal-race).
 */
import { z } from 'zod';
import type { Tx } from '../../database/tx.ts';
import { enqueue } from '../../jobs/enqueue.ts';
import { jobQueue } from '../../jobs/queue.ts';
import { release, ReserveEnded, settle } from '../../ledger/index.ts';
import { beginAccess, changeAccess, endPeriod, hasPeriod, lockAccess, writePeriod, type Access } from './rows.ts';
import { afterEvent, mayUse } from './states.ts';

export const REVENUE = 'revenue:plans';

/** What a period is, as it was offered. */
export const periodInput = z.strictObject({
  userId: z.int(),
  /** Of the reserve, and so of what is paid. */
  cause: z.string(),
  plan: z.string(),
  credits: z.int(),
  /** ms */
  period: z.int(),
});
export type PeriodInput = z.output<typeof periodInput>;

/** A period that was paid for; or one whose payment went back. */
export const periods = jobQueue('plan', z.union([periodInput, z.strictObject({ userId: z.int(), back: z.string() })]));
/** What its provider should have. */
export const accesses = jobQueue('access', z.strictObject({ userId: z.int(), version: z.int() }));

/** Has the provider told. Made anew for the same version by who finds that it was not (schedule activation). */
export const tellProvider = (tx: Tx, { botId, userId, version }: Access, again = ''): Promise<string | undefined> =>
  enqueue(tx, accesses, { userId, version }, { key: `${botId}:${userId}:${version}${again}` });

/** @returns it; undefined where they have had one, or have paid before */
export async function startTrial(
  tx: Tx,
  begun: { botId: number; userId: number; plan: string; credits: bigint; period: number; lasts: number },
): Promise<Access | undefined> {
  const access = await beginAccess(tx, { ...begun, state: 'trial' });
  if (access) await tellProvider(tx, access);
  return access;
}

export type Paid = { paid: Access; first: boolean } | { before: true };

/**
 * A period that credits are held for: they are taken, and it begins where the one before ends, or now. Once for its cause.
 * @throws {ReserveEnded} where the credits went back meanwhile: nothing is given for them
 */
export async function pay(tx: Tx, botId: number, { userId, cause, plan, credits, period }: PeriodInput): Promise<Paid> {
  let access = await lockAccess(tx, botId, userId);
  if (await hasPeriod(tx, botId, cause)) {
    await releaseUnused(tx, botId, cause);
    return { before: true };
  }
  const terms = { plan, credits: BigInt(credits), period };
  let first = false;
  if (!access) {
    // Of two at once, one begins it and the other prolongs it.
    const begun = await beginAccess(tx, { botId, userId, state: 'active', ...terms, lasts: period });
    first = begun !== undefined;
    access = begun ?? (await lockAccess(tx, botId, userId))!;
  }
  const since = first ? access.now : beginningOf(access, period);
  const until = new Date(since.getTime() + period);
  const state = afterEvent(access.state, 'paid')!;
  const paid = first
    ? access
    : await changeAccess(tx, access, { ...terms, state, until, graceUntil: null, failedFor: null }, { resync: true });
  const written = await writePeriod(tx, paid, {
    cause,
    plan,
    credits: terms.credits,
    since,
    until: first ? paid.until : until,
  });
  if (!written) throw new Error(`the period ${cause} was written by somebody else just now`);
  await settle(tx, { botId, of: cause }, { amount: terms.credits, to: REVENUE });
  await tellProvider(tx, paid);
  return { paid, first: first || !mayUse(access.state) };
}

/** Of a period that went back before it began: nothing is given for its credits, and nobody else would let go of them. */
async function releaseUnused(tx: Tx, botId: number, cause: string): Promise<void> {
  try {
    await release(tx, { botId, of: cause, reason: 'its payment went back' });
  } catch (error) {
    // They were taken, for the period that there is.
    if (!(error instanceof ReserveEnded)) throw error;
  }
}

/** A grace was used, and is paid for by who goes on; unless the period would be over with it. */
const beginningOf = ({ state, until, now }: Access, period: number): Date =>
  mayUse(state) && until.getTime() + period > now.getTime() ? until : now;

/** What was paid for a period went back: the time that it paid for is over; with the last of it, the access. */
export async function takeBackPeriod(
  tx: Tx,
  botId: number,
  { userId, back }: { userId: number; back: string },
): Promise<Access | undefined> {
  const access = await lockAccess(tx, botId, userId);
  const ended = await endPeriod(tx, { botId, userId }, back);
  if (!access || !ended || !mayUse(access.state)) return undefined;
  const { rest } = ended;
  if (rest !== null && rest.getTime() >= access.until.getTime()) return undefined;
  const isOver = rest === null || rest <= access.now;
  const state = isOver ? afterEvent(access.state, 'taken-back') : access.state;
  if (!state) return undefined;
  const until = isOver ? access.now : rest;
  const after = await changeAccess(
    tx,
    access,
    { state, until, graceUntil: state === 'grace' ? access.graceUntil : null },
    { resync: true },
  );
  await tellProvider(tx, after);
  return isOver ? after : undefined;
}

/** They want it renewed no more, or again. Undefined where that changes nothing. */
export async function wish(
  tx: Tx,
  botId: number,
  userId: number,
  event: 'cancelled' | 'resumed',
): Promise<Access | undefined> {
  const access = await lockAccess(tx, botId, userId);
  const state = access && afterEvent(access.state, event);
  if (!access || !state) return undefined;
  return changeAccess(tx, access, { state, graceUntil: null });
}

/**
 * The end has come, or that of the grace; under the lock, whoever was there first.
 * @param grace ms; of one that was paid for
 * @returns it as it is now; undefined where its end has not come after all
 */
export async function endIfDue(tx: Tx, access: Access, grace: number): Promise<Access | undefined> {
  const { now, until, graceUntil } = access;
  const event = access.state === 'grace' ? 'lapsed' : 'due';
  const end = graceUntil ?? until;
  const state = afterEvent(access.state, event);
  if (!state || end > now) return undefined;
  if (state === 'grace' && grace > 0 && until.getTime() + grace > now.getTime())
    return changeAccess(tx, access, { state, graceUntil: new Date(until.getTime() + grace) });
  const after = await changeAccess(tx, access, { state: 'expired', graceUntil: null }, { resync: true });
  await tellProvider(tx, after);
  return after;
}
