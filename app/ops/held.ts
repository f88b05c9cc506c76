/** A database that was put back or replaced: what waits, what would be said and paid again, and the end of it. */
import { readHeld } from '../database/lineage.ts';
import { inTransaction } from '../database/transaction.ts';
import { table, type Outcome, type Table } from './outcome.ts';
import type { Call } from './verb.ts';

const ROW = `
  SELECT accepted_at AS accepted, accepted_by AS by, held_at AS held, known_until AS "knownUntil", now.timeline, now.server
  FROM evenkeel.lineage, evenkeel.lineage_now() AS now`;

/** outbox_due. What resume will say. */
const MESSAGES = `
  SELECT class, method, count(*) AS messages, count(DISTINCT chat_id) AS chats, min(created_at) AS oldest, max(created_at) AS newest
  FROM evenkeel.outbox WHERE state IN ('waiting', 'sending') GROUP BY class, method ORDER BY min(rank), method`;

/** job_i11, of queues that are declared. */
const JOBS = `
  SELECT name AS queue, count(*) AS jobs, min(start_after) AS "dueFrom", max(start_after) AS "dueUntil"
  FROM pgboss.job WHERE name = ANY ($1::text[]) AND state < 'active' GROUP BY name ORDER BY name`;

/** payment_unsettled; star_cursor is a row a bot. */
const MONEY = `
  SELECT c.bot_id AS bot, c.complete_at AS reconciled, l.held_at IS NULL OR coalesce(c.complete_at > l.held_at, false) AS "sinceHeld",
         (SELECT count(*) FROM evenkeel.payment p WHERE p.bot_id = c.bot_id AND state = 'refunding') AS refunding,
         (SELECT count(*) FROM evenkeel.payment p WHERE p.bot_id = c.bot_id AND state = 'parked') AS parked
  FROM evenkeel.star_cursor AS c, evenkeel.lineage AS l ORDER BY 1`;

async function whatWaits({ pool, posture }: Call): Promise<{ tables: Table[]; said: string[] }> {
  const rows = async (text: string, values: unknown[] = []) =>
    (await pool.query<Record<string, unknown>>(text, values)).rows;
  const money = await rows(MONEY);
  const tables = [
    table('messages that wait', await rows(MESSAGES)),
    table('jobs that wait', await rows(JOBS, [Object.keys(posture.work)])),
    table('money', money),
  ].filter(({ rows }) => rows.length > 0);
  const early = money.some(({ sinceHeld }) => sinceHeld !== true);
  return {
    tables,
    said: early
      ? ['Telegram’s list and the books have not been found equal since: ops reconcile first, and look again.']
      : [],
  };
}

export async function showHeld(call: Call): Promise<Outcome> {
  const { pool } = call;
  const why = await readHeld(pool);
  const { rows } = await pool.query<Record<string, unknown>>(ROW);
  const accepted = table('the database', rows);
  if (why.length === 0) return { tables: [accepted], said: ['Everything goes out: the database is the accepted one.'] };
  const { tables, said } = await whatWaits(call);
  return {
    tables: [
      table(
        'why nothing goes out',
        why.map((reason) => ({ reason })),
      ),
      accepted,
      ...tables,
    ],
    said: [
      'What was made before knownUntil and sent after it is said again by resume; held drop CLASS leaves it unsaid.',
      'Refunds and cancelled subscriptions wait as jobs, and are looked up at Telegram before anything is repeated.',
      ...said,
    ],
  };
}

/** Calls a function of the migration; false where there was nothing to do. */
const call = async (given: Call, name: 'hold' | 'resume'): Promise<boolean> =>
  inTransaction(given.pool, async (client) => {
    await client.query('SET TRANSACTION READ WRITE');
    const { rows } = await client.query<{ did: boolean }>(`SELECT evenkeel.${name}($1, $2, $3) AS did`, [
      given.by.who,
      given.by.via,
      given.reason,
    ]);
    return rows[0]!.did;
  });

export async function hold(given: Call): Promise<Outcome> {
  if (given.dryRun) return { tables: [], said: ['Nothing would go out until resume.'] };
  return (await call(given, 'hold'))
    ? { tables: [], said: ['Held: nothing goes out until resume. Intake, answers and checkouts go on.'] }
    : { tables: [], said: ['It is held already: ops held shows why.'], ok: false };
}

export async function resume(given: Call): Promise<Outcome> {
  const why = await readHeld(given.pool);
  if (why.length === 0) return { tables: [], said: ['Nothing is held: everything goes out.'], ok: false };
  if (given.dryRun) {
    const { tables, said } = await whatWaits(given);
    return { tables, said: [`Held because: ${why.join('; ')}`, 'All of this would go out.', ...said] };
  }
  await call(given, 'resume');
  const left = await readHeld(given.pool);
  return left.length === 0
    ? { tables: [], said: ['Resumed: what waited goes out, within seconds.'] }
    : { tables: [], said: [`Still held: ${left.join('; ')}`], ok: false };
}

export async function dropUnsaid({ pool, words, by, reason, dryRun }: Call): Promise<Outcome> {
  const { rows: waiting } = await pool.query<Record<string, unknown>>(MESSAGES);
  const chosen = waiting.filter((row) => words.includes(row['class'] as string));
  if ((await readHeld(pool)).length === 0)
    return { tables: [], said: ['Nothing is held, so nothing can be left unsaid.'], ok: false };
  if (dryRun || chosen.length === 0)
    return { tables: [table('would be left unsaid', chosen)], said: [], ok: chosen.length > 0 };
  const left = await inTransaction(pool, async (client) => {
    await client.query('SET TRANSACTION READ WRITE');
    const { rows } = await client.query<{ messages: number }>(
      'SELECT evenkeel.leave_unsaid($1::text[], $2, $3, $4) AS messages',
      [words, by.who, by.via, reason],
    );
    return rows[0]!.messages;
  });
  return { tables: [], said: [`${left} messages are left unsaid.`], ok: left > 0 };
}
