/** Jobs that were given up, and messages that were given up or are of unknown outcome: by the functions of the migration. */
import { inTransaction } from '../database/transaction.ts';
import { table, type Outcome, type Table } from './outcome.ts';
import type { Call, Verb } from './verb.ts';

/** How a person names one: `job:<uuid>`, `message:<number>`; a number alone is an update. */
export const WORK_WORD = /^(?:job:[0-9a-f-]{36}|message:\d{1,18})$/;

/** What `--queue` says for the messages of the outbox. */
const OUTBOX = 'outbox';

const JOBS = `SELECT 'job:' || id AS job, queue, attempts, made, died, cause FROM evenkeel.dead_jobs()`;
const MESSAGES = `SELECT 'message:' || id AS message, bot_id AS bot, chat_id AS chat, class, method, cause AS follows, attempts,
  error_code AS code, settled_at AS settled, why FROM evenkeel.left_message`;

type State = 'dead' | 'unknown';

/** outbox_for_people; job_i11 */
export async function listWork({ pool, queue, bot, limit }: Call, state: State): Promise<Table[]> {
  const tables: Table[] = [];
  if (state === 'dead') {
    const { rows } = await pool.query(`${JOBS} WHERE $1::text IS NULL OR queue = $1 ORDER BY died DESC LIMIT $2`, [
      queue ?? null,
      limit,
    ]);
    tables.push(table('dead jobs, the latest first', rows));
  }
  if (queue === undefined || queue === OUTBOX) {
    const { rows } = await pool.query(
      `${MESSAGES} WHERE state = $1 AND ($2::bigint IS NULL OR bot_id IN ($2, 0)) ORDER BY settled_at DESC LIMIT $3`,
      [state, bot ?? null, limit],
    );
    tables.push(table(state === 'dead' ? 'dead messages, the latest first' : 'messages of unknown outcome', rows));
  }
  return tables.filter(({ rows }) => rows.length > 0);
}

interface Named {
  jobs: string[];
  messages: string[];
}

const named = (words: readonly string[]): Named => ({
  jobs: words.filter((word) => word.startsWith('job:')).map((word) => word.slice('job:'.length)),
  messages: words.filter((word) => word.startsWith('message:')).map((word) => word.slice('message:'.length)),
});

/** Those that were named, or with `--all` all of the queue that was. */
async function choose({ pool, words, all, queue }: Call, state: State): Promise<Named> {
  if (!all) return named(words);
  const { rows: jobs } =
    state === 'dead' && queue !== undefined
      ? await pool.query<{ id: string }>(
          'SELECT id FROM evenkeel.dead_jobs() WHERE queue = $1 ORDER BY died LIMIT 5000',
          [queue],
        )
      : { rows: [] };
  const { rows: messages } =
    queue === OUTBOX
      ? await pool.query<{ id: string }>(
          'SELECT id::text FROM evenkeel.left_message WHERE state = $1 ORDER BY settled_at LIMIT 5000',
          [state],
        )
      : { rows: [] };
  return { jobs: jobs.map(({ id }) => id), messages: messages.map(({ id }) => id) };
}

async function showChosen({ pool }: Call, { jobs, messages }: Named, state: State): Promise<Table[]> {
  const { rows: j } = await pool.query(`${JOBS} WHERE id = ANY ($1::uuid[]) ORDER BY died`, [jobs]);
  const { rows: m } = await pool.query(`${MESSAGES} WHERE id = ANY ($1::bigint[]) AND state = $2 ORDER BY settled_at`, [
    messages,
    state,
  ]);
  return [table('jobs', j), table('messages', m)].filter(({ rows }) => rows.length > 0);
}

export async function showWork(call: Call): Promise<Outcome> {
  const [word = ''] = call.words;
  const chosen = named(call.words);
  const tables = [...(await showChosen(call, chosen, 'dead')), ...(await showChosen(call, chosen, 'unknown'))];
  const { rows } = await call.pool.query(
    'SELECT at, who, verb, reason FROM evenkeel.audit WHERE target = $1 ORDER BY at DESC LIMIT 20',
    [word.replace(':', ' ')],
  );
  if (rows.length > 0) tables.push(table('what people did', rows));
  return tables.length > 0 ? { tables, said: [] } : { tables, said: [`${word} waits for nobody.`], ok: false };
}

interface Deed {
  state: State;
  /** Names of the functions of the migration. */
  jobs?: 'redrive_jobs' | 'dismiss_jobs';
  messages: 'redrive_messages' | 'resolve_messages';
  /** `run again` */
  done: string;
}

/** Does a verb of updates with jobs and messages where such are named, or a queue of theirs is with `--all`. */
export const alsoWork =
  (updates: Verb['run'], { state, jobs, messages, done }: Deed): Verb['run'] =>
  async (call) => {
    const chosen = await choose(call, state);
    const count = chosen.jobs.length + chosen.messages.length;
    if (count === 0) return updates(call);
    if (!call.all && count < call.words.length)
      return { tables: [], said: ['Updates one time, jobs and messages another: not both at once.'], ok: false };
    if (call.dryRun) {
      const tables = await showChosen(call, chosen, state);
      return tables.length > 0
        ? { tables, said: [] }
        : { tables, said: [`Nothing there that could be ${done}.`], ok: false };
    }
    const reason = call.as === undefined ? call.reason : `${call.as}: ${call.reason}`;
    const did = await inTransaction(call.pool, async (client) => {
      await client.query('SET TRANSACTION READ WRITE');
      const by = [call.by.who, call.by.via, reason];
      let all = 0;
      if (jobs && chosen.jobs.length > 0)
        all +=
          (await client.query(`SELECT * FROM evenkeel.${jobs}($1::uuid[], $2, $3, $4)`, [chosen.jobs, ...by]))
            .rowCount ?? 0;
      if (chosen.messages.length > 0)
        all +=
          (await client.query(`SELECT * FROM evenkeel.${messages}($1::bigint[], $2, $3, $4)`, [chosen.messages, ...by]))
            .rowCount ?? 0;
      return all;
    });
    return {
      tables: [],
      said: [
        did === 0 ? `Nothing there that could be ${done}.` : `${did} ${done}.`,
        ...(did > 0 && did < count ? [`${count - did} left as they are: in another state, or not there.`] : []),
      ],
      ok: did > 0,
    };
  };
