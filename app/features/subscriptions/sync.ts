/**
 * The job that has the provider do what our row says. One at a time asks for a user, so that no late answer of an older
 * wish comes after a newer one; what is asked for is told again until the provider confirms it, and looked at later.
 */
import { bigints } from '../../database/pool.ts';
import type { Tx } from '../../database/tx.ts';
import { job } from '../../jobs/job.ts';
import { Hopeless, RetryLater } from '../../outcome.ts';
import { say } from '../../outbox/index.ts';
import { languageOf } from '../../people/index.ts';
import type { JobNeeds } from '../feature.ts';
import { lockAccess, type Access } from './rows.ts';
import { mayUse } from './states.ts';
import { texts } from './texts.ts';
import { accesses } from './verbs.ts';

/** Before somebody else's question is over, ms. */
const PAUSE = 1_000;

/** The user's name at the provider: the same for ever, so that asking twice is asking once. */
export const userThere = (botId: number, userId: number): string => `tg-${botId}-${userId}`;

/** Until when the provider may let them in by itself: the grace of who pays is ours to end. */
export const untilThere = ({ state, until, graceUntil }: Access, grace: number): Date =>
  state === 'active' ? new Date(until.getTime() + grace) : (graceUntil ?? until);

/** access_pkey. @returns false where another job asks just now */
async function claim(
  tx: Tx,
  {
    botId,
    userId,
    by,
    lasts,
    checkAfter,
  }: { botId: number; userId: number; by: string; lasts: number; checkAfter: number },
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'claim-access',
    text: `
      UPDATE evenkeel.access
      SET asked_by = $3, asked_until = now() + $4 * interval '1 ms', check_at = now() + $5 * interval '1 ms'
      WHERE bot_id = $1 AND user_id = $2 AND (asked_by IS NULL OR asked_by = $3 OR asked_until < now())`,
    values: [botId, userId, by, lasts, checkAfter],
  });
  return rowCount === 1;
}

/** access_pkey. @returns what was confirmed before; undefined where the claim is another's by now */
async function confirm(
  tx: Tx,
  {
    botId,
    userId,
    by,
    version,
    link,
  }: { botId: number; userId: number; by: string; version: number; link: string | null },
): Promise<{ before: number; linkBefore: string | null } | undefined> {
  const { rows } = await tx.query<{ before: number; linkBefore: string | null }>({
    name: 'confirm-access',
    text: `
      UPDATE evenkeel.access a
      SET synced = greatest(a.synced, $4), link = $5, asked_by = NULL, asked_until = NULL
      FROM evenkeel.access b
      WHERE a.bot_id = $1 AND a.user_id = $2 AND a.asked_by = $3 AND b.bot_id = a.bot_id AND b.user_id = a.user_id
      RETURNING b.synced AS before, b.link AS "linkBefore"`,
    values: [botId, userId, by, version, link],
    types: bigints,
  });
  return rows[0];
}

export const access = ({ posture, botId, accessProvider }: JobNeeds) =>
  job(accesses, async ({ job: { id }, input, signal, hold, log, transaction, done }) => {
    const { userId, version } = input;
    const { grace, checkAfter } = posture.plans;
    const { deadline } = posture.work.access;
    const wanted = await transaction(async (tx) => {
      const row = await lockAccess(tx, botId, userId);
      // A later wish has a job of its own, and what was confirmed needs none.
      if (!row || row.version !== version) return void (await done(tx));
      if (!accessProvider) return 'no key' as const;
      return (await claim(tx, { botId, userId, by: id, lasts: deadline, checkAfter })) ? row : ('asked' as const);
    });
    if (wanted === undefined) return { version, wish: 'another by now' };
    if (wanted === 'no key') throw new Hopeless('there is no key of the access provider: set evenkeel:accessApiKey');
    if (wanted === 'asked') throw new RetryLater(PAUSE, 'another job asks for this user just now');
    const name = userThere(botId, userId);
    hold();
    const isThere = mayUse(wanted.state);
    let link: string | null = null;
    if (isThere)
      link = await accessProvider!.give({ id: name, plan: wanted.plan, until: untilThere(wanted, grace) }, signal);
    else await accessProvider!.take(name, signal);
    await transaction(async (tx) => {
      await lockAccess(tx, botId, userId);
      const was = await confirm(tx, { botId, userId, by: id, version, link });
      if (was && link !== null && link !== was.linkBefore)
        await say(tx, {
          cause: `access:${botId}:${userId}:${version}`,
          class: 'receipt',
          chat: userId,
          method: 'sendMessage',
          payload: { text: texts.given(await languageOf(tx, botId, userId), { link, until: wanted.until }) },
        });
      await done(tx);
    });
    log.info({ userId, version, state: wanted.state }, isThere ? 'access is given' : 'access is taken');
    return { version, there: isThere };
  });
