/** What runs by the clock. Each run takes rows in bites, each bite in its own commit, and skips those that others hold. */
import { withTx, type Tx } from '../../database/tx.ts';
import type { ScheduleHandler } from '../../jobs/run.ts';
import { InsufficientCredits, reserve } from '../../ledger/index.ts';
import { AccessRefusal } from '../../providers/access.ts';
import type { JobNeeds } from '../feature.ts';
import { tell } from './period.ts';
import { accessOf, BITE, changeAccess, lockSome, type Access } from './rows.ts';
import { mayUse } from './states.ts';
import { untilThere, userThere } from './sync.ts';
import { texts } from './texts.ts';
import { endIfDue, pay, tellProvider } from './verbs.ts';

/** Bites until one is not full, or the run is to end. @returns how many rows `work` did something about */
async function inBites(
  { pool }: JobNeeds,
  signal: AbortSignal,
  bite: (tx: Tx) => Promise<Access[]>,
  work: (tx: Tx, access: Access) => Promise<boolean>,
  size = BITE,
): Promise<number> {
  let did = 0;
  for (let more = true; more && !signal.aborted;) {
    const [found, changed] = await withTx(pool, async (tx) => {
      const rows = await bite(tx);
      let changed = 0;
      for (const row of rows) if (await work(tx, row)) changed += 1;
      return [rows.length, changed];
    });
    did += changed;
    // A bite in which nothing changes would be found again.
    more = found === size && changed > 0;
  }
  return did;
}

const ofUser = ({ botId, userId, until }: Access, what: string): string =>
  `${what}:${botId}:${userId}:${until.getTime()}`;

/** access_due, access_grace */
export function expiry(needs: JobNeeds): ScheduleHandler {
  const { botId, posture } = needs;
  const { grace } = posture.plans;
  const end = async (tx: Tx, access: Access): Promise<boolean> => {
    const after = await endIfDue(tx, access, grace);
    if (!after) return false;
    if (after.state === 'grace')
      await tell(tx, after, ofUser(after, 'plan-grace'), (language) =>
        texts.grace(language, { plan: after.plan, until: after.graceUntil! }),
      );
    else
      await tell(tx, after, ofUser(after, 'plan-over'), (language) =>
        texts[access.state === 'trial' ? 'trial-over' : 'over'](language, { plan: after.plan }),
      );
    return true;
  };
  return async ({ signal }) => {
    const due = await inBites(
      needs,
      signal,
      (tx) =>
        lockSome(tx, {
          botId,
          name: 'due-accesses',
          where: `state IN ('trial', 'active', 'cancelled') AND until <= now()`,
          order: 'until',
          values: [],
        }),
      end,
    );
    const lapsed = await inBites(
      needs,
      signal,
      (tx) =>
        lockSome(tx, {
          botId,
          name: 'lapsed-accesses',
          where: `state = 'grace' AND grace_until <= now()`,
          order: 'grace_until',
          values: [],
        }),
      end,
    );
    return { due, lapsed };
  };
}

/** access_due. Tells of the end, once for each. */
const remindOf =
  (states: string, before: (needs: JobNeeds) => number, text: 'ends-soon' | 'trial-ends') =>
  (needs: JobNeeds): ScheduleHandler =>
  async ({ signal }) => {
    // Those of the bite before are not passed again.
    let from = '-infinity';
    const told = await inBites(
      needs,
      signal,
      (tx) =>
        lockSome(tx, {
          botId: needs.botId,
          name: `remind-${text}`,
          where: `state IN (${states}) AND until > now() AND until < now() + $2 * interval '1 ms' AND until >= $3 AND told_of IS DISTINCT FROM until`,
          order: 'until',
          values: [before(needs), from],
        }),
      async (tx, access) => {
        from = access.until.toISOString();
        await tx.query({
          name: 'told-of-end',
          text: 'UPDATE evenkeel.access SET told_of = until WHERE bot_id = $1 AND user_id = $2',
          values: [access.botId, access.userId],
        });
        const { plan, until, credits } = access;
        await tell(tx, access, ofUser(access, `plan-${text}`), (language) =>
          texts[text](language, { plan, until, credits }),
        );
        return true;
      },
    );
    return { told };
  };

export const reminders = remindOf(`'active', 'cancelled'`, ({ posture }) => posture.plans.remindBefore, 'ends-soon');
export const trialNotices = remindOf(`'trial'`, ({ posture }) => posture.plans.noticeBefore, 'trial-ends');

/**
 * access_due. The next period from the balance, once for its end: the cause names it. Those whose months
 * are paid with Stars are not: who has cancelled that wants to pay no more.
 */
export const renewals =
  (needs: JobNeeds): ScheduleHandler =>
  async ({ signal }) => {
    const { botId, posture } = needs;
    const { autoRenew, renewBefore, reserve: ttl } = posture.plans;
    if (!autoRenew) return { off: true };
    let renewed = 0;
    let from = '-infinity';
    const looked = await inBites(
      needs,
      signal,
      (tx) =>
        lockSome(tx, {
          botId,
          name: 'renew-accesses',
          where: `state IN ('active', 'grace') AND until < now() + $2 * interval '1 ms' AND until >= $3 AND failed_for IS DISTINCT FROM until
            AND NOT EXISTS (
              SELECT FROM evenkeel.subscription s JOIN evenkeel.standing o ON o.bot_id = s.bot_id AND o.purchase = s.purchase
              WHERE s.bot_id = access.bot_id AND s.user_id = access.user_id AND s.state <> 'ended')`,
          order: 'until',
          values: [renewBefore, from],
          limit: 1,
        }),
      async (tx, access) => {
        const { userId, plan, credits, period, until } = access;
        from = until.toISOString();
        const cause = ofUser(access, 'renewal');
        try {
          await reserve(tx, { botId, userId, cause }, { amount: credits, ttl });
        } catch (error) {
          if (!(error instanceof InsufficientCredits)) throw error;
          await changeAccess(tx, access, { failedFor: until });
          await tell(tx, access, ofUser(access, 'plan-unpaid'), (language) =>
            texts.unpaid(language, { plan, credits, missing: error.missing }),
          );
          return true;
        }
        const did = await pay(tx, botId, { userId, cause, plan, credits: Number(credits), period });
        if ('before' in did) return false;
        renewed += 1;
        await tell(
          tx,
          access,
          ofUser(access, 'plan-renewed'),
          (language) => texts.renewed(language, { plan, credits, until: did.paid.until }),
          'receipt',
        );
        return true;
      },
      // Each in its own commit: accounts are locked in one order.
      1,
    );
    return { looked, renewed };
  };

/** Providers keep ends in whole seconds or minutes: by so much, ms, theirs may be earlier. */
const ROUNDING = 60_000;

/** What a look at the provider is to come to. */
async function seen(needs: JobNeeds, access: Access, signal: AbortSignal): Promise<'same' | 'differs'> {
  const there = await needs.accessProvider!.look(userThere(access.botId, access.userId), signal);
  if (!mayUse(access.state)) return there === 'gone' ? 'same' : 'differs';
  // Somebody there has taken what is paid for: it is given again.
  if (there === 'gone') return 'differs';
  return there.until.getTime() >= untilThere(access, 0).getTime() - ROUNDING ? 'same' : 'differs';
}

/** access_pkey. An hour later, the provider may say. */
const checkLater = async ({ pool }: JobNeeds, { botId, userId }: Access): Promise<unknown> =>
  pool.query({
    name: 'check-access-later',
    text: `
      UPDATE evenkeel.access SET check_at = now() + interval '1 h'
      WHERE bot_id = $1 AND user_id = $2 AND check_at <= now()`,
    values: [botId, userId],
  });

/** access_unsynced, access_check. What was not confirmed is told again; what was is looked at, once for each change. */
export const activation =
  (needs: JobNeeds): ScheduleHandler =>
  async ({ signal, log }) => {
    const { botId, pool, posture, accessProvider } = needs;
    if (!accessProvider) return { off: true };
    // A job that is dead or lost: one for each hour, and for the same version as before.
    const hour = Math.floor(Date.now() / 3_600_000);
    const again = await withTx(pool, async (tx) => {
      const rows = await lockSome(tx, {
        botId,
        name: 'unsynced-accesses',
        where: `synced < version AND changed_at < now() - $2 * interval '1 ms' AND (asked_until IS NULL OR asked_until < now())`,
        order: 'changed_at',
        values: [posture.plans.checkAfter],
      });
      let made = 0;
      for (const row of rows) if (await tellProvider(tx, row, `:${hour}`)) made += 1;
      return made;
    });
    let looked = 0;
    let differs = 0;
    const { rows: due } = await pool.query<{ user: string }>({
      name: 'accesses-to-check',
      text: `
        SELECT user_id::text AS user FROM evenkeel.access
        WHERE bot_id = $1 AND check_at <= now() AND synced = version AND asked_by IS NULL ORDER BY check_at LIMIT 500`,
      values: [botId],
    });
    for (const { user } of due) {
      if (signal.aborted) break;
      const access = (await accessOf(pool, botId, Number(user)))!;
      let found: 'same' | 'differs';
      try {
        found = await seen(needs, access, signal);
      } catch (error) {
        // Not an answer, so nothing is made of it; the next slot asks again.
        log.warn({ userId: access.userId, error: (error as Error).message }, 'the access provider gave no answer');
        if (!(error instanceof AccessRefusal)) break;
        // It declines to say of this one alone: the others are not kept waiting behind it.
        await checkLater(needs, access);
        continue;
      }
      looked += 1;
      await withTx(pool, async (tx) => {
        const [now] = await lockSome(tx, {
          botId,
          name: 'checked-access',
          where: 'user_id = $2 AND version = $3 AND synced = version AND asked_by IS NULL',
          order: 'user_id',
          values: [access.userId, access.version],
        });
        if (!now) return;
        await tx.query({
          name: 'check-done',
          text: 'UPDATE evenkeel.access SET check_at = NULL WHERE bot_id = $1 AND user_id = $2',
          values: [botId, access.userId],
        });
        if (found === 'same') return;
        differs += 1;
        await tellProvider(tx, await changeAccess(tx, now, {}, { resync: true }));
      });
    }
    return { again, looked, differs };
  };
