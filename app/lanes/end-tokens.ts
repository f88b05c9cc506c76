/** The two ways in which tokens end, each in one transaction with the "done" of what was handled. */
import type { PgBoss } from 'pg-boss';
import type { QueueName } from '../../posture/schema/index.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { on } from './boss.ts';
import { markDone, pendingAmong } from './inbox.ts';
import { ensureTokens, type Token } from './tokens.ts';
import type { StoredUpdate } from './update.ts';

const attempts = (tokens: readonly Token[]) => tokens.map(({ id, retryCount }) => ({ id, retryCount }));

/**
 * Ends tokens whose lanes have been worked off, and gives a new one to each lane that has more by now. The statements
 * are sent in one go, so the transaction is open for a moment only, however busy this process is.
 *
 * Tokens are deleted, not completed: nobody asks for a finished one, and the table stays as small as what is going on.
 * @returns `marked`: ids of the updates that were still pending; `more`: whether a lane got a new token
 */
export async function endTokens(
  pool: Pool,
  boss: PgBoss,
  queue: QueueName,
  done: StoredUpdate[],
  tokens: Token[],
): Promise<{ marked: Set<number>; more: boolean }> {
  const lanes = tokens.map(({ lane }) => lane);
  const client = await pool.connect();
  let committing: Promise<unknown> = Promise.reject(new Error('pg-boss sent no statement'));
  let looking: Promise<string[]> = Promise.resolve([]);
  // Handled below; without this, a failure of the first statement would leave these rejections to nobody.
  committing.catch(() => undefined);
  const begin = client.query('BEGIN');
  const marking = markDone(client, done);
  const deleting = boss.deleteJob(queue, attempts(tokens), {
    db: on(client, () => {
      committing = client.query('COMMIT');
      looking = pendingAmong(client, lanes);
    }),
  });
  const first = await Promise.allSettled([begin, marking, deleting]);
  const second = await Promise.allSettled([committing, looking]);
  const failed = [...first, ...second].find((result) => result.status === 'rejected');
  // A session in an unknown state is not worth saving: the pool opens another, and the transaction is rolled back.
  client.release(failed !== undefined);
  if (failed) throw failed.reason;
  const pending = await looking;
  await ensureTokens(boss, queue, pending);
  return { marked: await marking, more: pending.length > 0 };
}

/** Replaces tokens by ones that are due after a pause, ms, in one commit: until then nothing else may start the lane. */
export async function postponeTokens(
  pool: Pool,
  boss: PgBoss,
  queue: QueueName,
  done: StoredUpdate[],
  tokens: Token[],
  after: number,
): Promise<Set<number>> {
  return inTransaction(pool, async (client) => {
    const marked = await markDone(client, done);
    await boss.deleteJob(queue, attempts(tokens), { db: on(client) });
    await ensureTokens(
      boss,
      queue,
      tokens.map(({ lane }) => lane),
      on(client),
      after / 1000,
    );
    return marked;
  });
}
