/** Updates that a person looks at or decides about: by the view `desk`, which has no texts, and the functions beside it. */
import { inTransaction } from '../database/transaction.ts';
import { table, type Outcome } from './outcome.ts';
import type { Call } from './verb.ts';
import { listWork, showWork, WORK_WORD } from './work.ts';

/** A callback has an id that no update has, and that cannot be typed: below 0 (app/intake/callbacks/stored.ts). */
export const CALLBACK_WORD = /^callback:\d{1,16}$/;

const UPDATE = `CASE WHEN update_id < 0 THEN to_jsonb('callback:' || -update_id) ELSE to_jsonb(update_id) END AS update`;

/** Of the lane: a chat's own, or what somebody has paid. Of the others it is not said whom they are about. */
const CHAT = `substring(lane FROM '^[0-9]+:(?:pay:)?(-?[0-9]+)$') AS chat`;

const SHOWN = `bot_id AS bot, ${UPDATE}, queue, lane, state, attempts, takeovers, received_at AS received,
  settled_at AS settled, confirmed, unknown, cause`;

/** Names of the functions of the migration. */
type ByHand = 'redrive' | 'dismiss' | 'park' | 'resolve_sends';

interface Chosen {
  bot: number;
  update: number;
}

/** inbox_parked */
export async function listParked(call: Call): Promise<Outcome> {
  const { pool, queue, bot, limit } = call;
  const among = `state = 'parked' AND ($1::text IS NULL OR queue = $1) AND ($2::bigint IS NULL OR bot_id = $2)`;
  const values = [queue ?? null, bot ?? null];
  const { rows: causes } = await pool.query(
    `SELECT queue, cause, count(*) AS updates, count(DISTINCT lane) AS lanes, min(settled_at) AS first, max(settled_at) AS last
     FROM evenkeel.desk WHERE ${among} GROUP BY queue, cause ORDER BY count(*) DESC, queue, cause LIMIT $3`,
    [...values, limit],
  );
  const { rows } = await pool.query(
    `SELECT ${SHOWN} FROM evenkeel.desk WHERE ${among} ORDER BY settled_at DESC, update_id LIMIT $3`,
    [...values, limit],
  );
  const work = await listWork(call, 'dead');
  if (rows.length === 0) return { tables: work, said: ['Nothing is parked.'] };
  return { tables: [table('by cause', causes), table('parked updates, the latest first', rows), ...work], said: [] };
}

/** inbox_unknown */
export async function listUnknown(call: Call): Promise<Outcome> {
  const { pool, queue, bot, limit } = call;
  const { rows } = await pool.query(
    `SELECT bot_id AS bot, ${UPDATE}, ${CHAT}, method, tries, sent_at AS sent, reason
     FROM evenkeel.unknown_send
     WHERE state = 'done' AND ($1::text IS NULL OR queue = $1) AND ($2::bigint IS NULL OR bot_id = $2)
     ORDER BY settled_at DESC, update_id LIMIT $3`,
    [queue ?? null, bot ?? null, limit],
  );
  const work = await listWork(call, 'unknown');
  if (rows.length === 0) return { tables: work, said: work.length > 0 ? [] : ['No send is listed as unknown.'] };
  return {
    tables: [table('sends of which nobody knows whether they arrived, the latest first', rows), ...work],
    said: ['None of them is sent again. Who is affected may have the answer once, twice or not at all.'],
  };
}

const idOf = (word: string): string => word.replace(/^callback:/, '-');
const wordFor = (update: number): string => (update < 0 ? `callback ${-update}` : `update ${update}`);

/** inbox_pkey by update, for each bot that there is: ids are unique within a bot. */
async function find({ pool, bot, words }: Call): Promise<Chosen[]> {
  const { rows } = await pool.query<Chosen>(
    `SELECT bot_id AS bot, update_id AS update FROM evenkeel.desk
     WHERE update_id = ANY ($1::bigint[]) AND ($2::bigint IS NULL OR bot_id = $2) ORDER BY bot_id, update_id`,
    [words.map(idOf), bot ?? null],
  );
  return rows;
}

export async function showUpdate(call: Call): Promise<Outcome> {
  if (WORK_WORD.test(call.words[0] ?? '')) return showWork(call);
  const found = await find(call);
  if (found.length === 0) return unknownUpdate(call);
  const tables = [];
  for (const { bot, update } of found) {
    const at = [bot, update];
    const { rows } = await call.pool.query(
      `SELECT ${SHOWN} FROM evenkeel.desk WHERE bot_id = $1 AND update_id = $2`,
      at,
    );
    const { rows: sends } = await call.pool.query(
      `SELECT method, tries, sent_at AS sent, reason FROM evenkeel.unknown_send WHERE bot_id = $1 AND update_id = $2`,
      at,
    );
    tables.push(
      table(`${wordFor(update)} of bot ${bot}`, rows),
      ...(sends.length > 0 ? [table('unknown sends', sends)] : []),
    );
    tables.push(...(await audited(call, bot, update)));
  }
  return { tables, said: [] };
}

/** What is known of an update from its columns, in the order in which it happened; nothing that anybody wrote. */
export async function tellStory(call: Call): Promise<Outcome> {
  const found = await find(call);
  if (found.length === 0) return unknownUpdate(call);
  const tables = [];
  for (const { bot, update } of found) {
    const { rows } = await call.pool.query(
      `SELECT at, what FROM (
         SELECT received_at AS at, 1 AS step, format('stored in queue %s, lane %s', queue, lane) AS what
         FROM evenkeel.desk WHERE bot_id = $1 AND update_id = $2
         UNION ALL
         SELECT created_at, 2, 'remembered: a message of the ' || role FROM evenkeel.message WHERE bot_id = $1 AND update_id = $2
         UNION ALL
         SELECT sent_at, 3, format('%s left, for the %s. time, and nobody knows whether it arrived: %s', method, tries, reason)
         FROM evenkeel.unknown_send WHERE bot_id = $1 AND update_id = $2
         UNION ALL
         SELECT at, 4, format('%s by %s: %s', verb, who, reason) FROM evenkeel.audit WHERE target = format('update %s:%s', $1::bigint, $2::bigint)
         UNION ALL
         SELECT settled_at, 5, format('%s after %s failed attempts and %s lost workers%s', state, attempts, takeovers, ': ' || cause)
         FROM evenkeel.desk WHERE bot_id = $1 AND update_id = $2 AND settled_at IS NOT NULL
         UNION ALL
         SELECT now(), 6, format('waits, after %s failed attempts and %s lost workers%s; %s', i.attempts, i.takeovers, ': ' || i.cause,
           CASE WHEN l.lane IS NULL THEN 'no lane: the sweep will find it'
                WHEN l.owner IS NOT NULL THEN 'its lane is in hand'
                WHEN l.due_at > now() THEN 'its lane is due at ' || l.due_at
                ELSE 'its lane is ready' END)
         FROM evenkeel.desk AS i LEFT JOIN evenkeel.lane AS l USING (lane) WHERE i.bot_id = $1 AND i.update_id = $2 AND i.state = 'pending'
       ) AS event ORDER BY at, step`,
      [bot, update],
    );
    tables.push(table(`${wordFor(update)} of bot ${bot}`, rows));
  }
  return { tables, said: [] };
}

/** audit_target */
async function audited({ pool }: Call, bot: number, update: number) {
  const { rows } = await pool.query(
    'SELECT at, who, verb, reason FROM evenkeel.audit WHERE target = $1 ORDER BY at DESC LIMIT 20',
    [`update ${bot}:${update}`],
  );
  return rows.length > 0 ? [table('what people did', rows)] : [];
}

const unknownUpdate = ({ words }: Call): Outcome => ({
  tables: [],
  said: [`No update ${words.join(', ')} is kept: never stored, or gone by database.retention.updates.`],
  ok: false,
});

/** Updates that the verb is about: those that were named, or all of a state. */
async function choose(call: Call, all: string): Promise<Chosen[]> {
  if (!call.all) return find(call);
  const { rows } = await call.pool.query<Chosen>(
    `SELECT bot_id AS bot, update_id AS update FROM evenkeel.desk
     WHERE ${all} AND ($1::text IS NULL OR queue = $1) AND ($2::bigint IS NULL OR bot_id = $2)
     ORDER BY settled_at, update_id LIMIT 5000`,
    [call.queue ?? null, call.bot ?? null],
  );
  return rows;
}

interface Deed {
  by: ByHand;
  /** Rows of `desk` that it is possible for. */
  where: string;
  /** `run again` */
  done: string;
}

/** Does one of the functions of the migration, all of it in one commit. */
export const byHand =
  ({ by, where, done }: Deed) =>
  async (call: Call): Promise<Outcome> => {
    const chosen = await choose(call, where);
    const bots = Map.groupBy(chosen, ({ bot }) => bot);
    if (!call.all && bots.size > 1)
      return {
        tables: [],
        said: [`Several bots have such an update: name one with --bot ${[...bots.keys()].join(', --bot ')}.`],
        ok: false,
      };
    if (call.dryRun) {
      const { rows } = await call.pool.query(
        `SELECT ${SHOWN} FROM evenkeel.desk
         WHERE ${where} AND (bot_id, update_id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[])) ORDER BY settled_at, update_id`,
        [chosen.map(({ bot }) => bot), chosen.map(({ update }) => update)],
      );
      const shown = rows.slice(0, call.limit);
      const more = rows.length > shown.length ? [`and ${rows.length - shown.length} more`] : [];
      return {
        tables: shown.length > 0 ? [table(`to be ${done}`, shown)] : [],
        said: rows.length > 0 ? more : [`Nothing there that could be ${done}.`],
        ok: rows.length > 0,
      };
    }
    const reason = call.as === undefined ? call.reason : `${call.as}: ${call.reason}`;
    const did = await inTransaction(call.pool, async (client) => {
      await client.query('SET TRANSACTION READ WRITE');
      let count = 0;
      for (const [bot, updates] of bots) {
        const { rowCount } = await client.query(`SELECT * FROM evenkeel.${by}($1, $2::bigint[], $3, $4, $5)`, [
          bot,
          updates.map(({ update }) => update),
          call.by.who,
          call.by.via,
          reason,
        ]);
        count += rowCount ?? 0;
      }
      return count;
    });
    const asked = call.all ? chosen.length : call.words.length;
    const rest = asked - did;
    return {
      tables: [],
      said: [
        did === 0 ? `Nothing there that could be ${done}.` : `${did} ${did === 1 ? 'update' : 'updates'} ${done}.`,
        ...(did > 0 && rest > 0 ? [`${rest} left as they are: in another state, or not there.`] : []),
      ],
      ok: did > 0,
    };
  };
