/** A reconciliation now: a worker makes it, as it does every hour, and what it found is shown. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Pool } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { asTx } from '../database/tx.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { jobQueue } from '../jobs/queue.ts';
import { SCHEDULES_CHANNEL } from '../jobs/schedules.ts';
import { table, type Outcome } from './outcome.ts';
import type { Call } from './verb.ts';

/** Pause between two looks, and the longest wait for a worker, ms. A one-off task in AWS has five minutes. */
const LOOK = 500;
const WITHIN = 4 * 60_000;

interface Reported {
  bot: number;
  at: string | null;
  report: Record<string, unknown> | null;
}

/** star_cursor is a row a bot. */
const reports = async ({ pool, bot }: Call): Promise<Reported[]> =>
  (
    await pool.query<Reported>(
      `SELECT bot_id AS bot, reported_at::text AS at, report FROM evenkeel.star_cursor
       WHERE $1::bigint IS NULL OR bot_id = $1 ORDER BY 1`,
      [bot ?? null],
    )
  ).rows;

/** The queue of the schedule: what is put there a worker runs, and one at a time. */
const QUEUE = jobQueue('reconcile' as never, z.unknown());

/** pulse_pkey. Bots that have a worker just now, or the one that was named. */
async function botsOf({ pool, bot }: Call): Promise<number[]> {
  if (bot !== undefined) return [bot];
  const { rows } = await pool.query<{ bot: number }>(
    `SELECT bot_id AS bot FROM evenkeel.pulse WHERE seen_at > now() - interval '1 minute' ORDER BY 1`,
  );
  return rows.map(({ bot: one }) => one);
}

/** In one commit: a job for each bot, or for whoever comes where none is known. A job is whose the session says it is. */
const ask = (pool: Pool, bots: readonly number[]): Promise<void> =>
  inTransaction(pool, async (client) => {
    await client.query('SET TRANSACTION READ WRITE');
    for (const bot of bots.length > 0 ? bots.map(String) : ['']) {
      await client.query(`SELECT set_config('evenkeel.bot_id', $1, true)`, [bot]);
      await enqueue(asTx(client), QUEUE, {}, bot === '' ? {} : { whose: bot });
    }
    await client.query('SELECT pg_notify($1, $2)', [SCHEDULES_CHANNEL, 'reconcile']);
  });

export async function reconcileNow(call: Call): Promise<Outcome> {
  const { pool, progress = () => undefined } = call;
  const before = new Map((await reports(call)).map(({ bot, at }) => [bot, at]));
  const bots = await botsOf(call);
  await ask(pool, bots);
  const began = Date.now();
  let fresh: Reported[] = [];
  for (let looks = 1; Date.now() - began < WITHIN; looks += 1) {
    await sleep(LOOK);
    fresh = (await reports(call)).filter(({ bot, at }) => at !== null && at !== before.get(bot));
    if (fresh.length > 0 && bots.every((bot) => fresh.some((one) => one.bot === bot))) return told(call, fresh);
    if (looks % 20 === 0) progress(`Waiting for a worker, ${Math.round((Date.now() - began) / 1000)} s so far.`);
  }
  const late = `No worker has done it within ${WITHIN / 60_000} minutes: ops status shows who works. It is done all the same.`;
  if (fresh.length === 0) return { tables: [], said: [late], ok: false };
  const { tables, said } = await told(call, fresh);
  const missing = bots.filter((bot) => !fresh.some((one) => one.bot === bot));
  return { tables, said: [...said, `Of bot ${missing.join(', ')}: ${late}`], ok: false };
}

/** till is a row a bot and provider. In cents of a US dollar. */
const TILLS = `
  SELECT bot_id AS bot, provider, complete_at AS at, expected::text, found::text, (found - expected)::text AS difference,
         explained::text, keyless_since AS "keylessSince"
  FROM evenkeel.till WHERE bot_id = ANY ($1::bigint[]) ORDER BY 1, 2`;

interface TillRow extends Record<string, unknown> {
  bot: number;
  provider: string;
  difference: string;
  explained: string;
  keylessSince: Date | null;
}

/** What a worker says of one provider in its report; one of the release before says nothing. */
const tillReport = z.object({ reconciled: z.boolean(), whole: z.boolean(), failed: z.number() });
const tillReports = z.record(z.string(), tillReport).catch({});

async function told({ pool }: Call, fresh: readonly Reported[]): Promise<Outcome> {
  const { rows: tills } = await pool.query<TillRow>(TILLS, [fresh.map(({ bot }) => bot)]);
  const said: string[] = [];
  let even = true;
  const rows: Record<string, unknown>[] = [];
  for (const { bot, at, report } of fresh) {
    const { tills: reported, ...stars } = report ?? {};
    rows.push({ bot, provider: 'stars', at, ...stars });
    if (stars['reconciled'] !== true) {
      even = false;
      said.push('Stars: Telegram’s list and our books are not equal: runbook ledger-mismatch.');
    }
    const seen = tillReports.parse(reported ?? {});
    for (const till of tills.filter((one) => one.bot === bot)) {
      const now = seen[till.provider];
      rows.push({ ...till, reconciled: now?.reconciled });
      const line = sayTill(till, now);
      if (line === undefined) continue;
      said.push(line);
      // What is said of one without a key was found before, and no look of now can change it.
      if (till.keylessSince === null) even = false;
    }
  }
  if (even) said.unshift('What those who are paid say and our books are equal.');
  return { tables: [table('reconciled', rows)], said, ok: even };
}

/** What a person should know of one provider; undefined where all of it was looked at and is equal. */
function sayTill(till: TillRow, now: z.infer<typeof tillReport> | undefined): string | undefined {
  const { provider, keylessSince, difference, explained } = till;
  const isEven = difference === explained;
  const cents = Number(difference) - Number(explained);
  if (keylessSince !== null)
    return `${provider}: no key is set since ${keylessSince.toISOString()}, so nothing of it is looked at.${isEven ? '' : ` When it last was, ${cents} cents were not explained.`}`;
  if (!now) return isEven ? undefined : `${provider}: ${cents} cents are not explained: runbook ledger-mismatch.`;
  if (now.reconciled) return undefined;
  if (isEven || now.failed > 0)
    return `${provider}: not all of it could be looked at, so whether it is equal is not known; the worker’s log says why. The next look goes on there.`;
  return `${provider}: ${cents} cents are not explained: runbook ledger-mismatch.`;
}
