/**
 * `node scripts/bench/baseline/theirs.ts`: a bot as the reports of docs/faults.md describe theirs, faithful to its mistakes.
 * Nothing here is to be copied. Each mistake is named by its fault; times are shorter than reported, so that a run is short.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify from 'fastify';
import pg from 'pg';
import { ACQUIRE, IMAGE, POLLS, POLL_EVERY, POOL } from './numbers.ts';

const env = process.env as Record<string, string>;
const pool = new pg.Pool({ connectionString: env['DATABASE_URL'], max: POOL, connectionTimeoutMillis: ACQUIRE });
const setup = new pg.Client({ connectionString: env['DATABASE_URL'] });
await setup.connect();
await setup.query(`
  CREATE TABLE IF NOT EXISTS users (id bigint PRIMARY KEY, credits int NOT NULL, processing_since timestamptz);
  CREATE TABLE IF NOT EXISTS transactions (user_id bigint NOT NULL, amount int NOT NULL, at timestamptz NOT NULL DEFAULT now())`);
await setup.end();

async function post<T>(url: string, body: object, key?: string): Promise<T> {
  // No deadline (no-timeout).
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${response.status}`);
  return (await response.json()) as T;
}

const send = (user: number, text: string) =>
  post(`${env['TELEGRAM_API_ROOT']}/bot${env['BOT_TOKEN']}/sendMessage`, { chat_id: user, text });

async function think(text: string): Promise<string> {
  const { choices } = await post<{ choices: { message: { content: string } }[] }>(
    `${env['OPENROUTER_BASE_URL']}/chat/completions`,
    { model: 'openrouter/auto', messages: [{ role: 'user', content: text }] },
    env['OPENROUTER_API_KEY'],
  );
  return choices[0]!.message.content;
}

/** A connection, a transaction and the user's row are held while the AI thinks (pool-exhaustion, tx-across-http). */
async function ask(user: number, text: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT credits FROM users WHERE id = $1 FOR UPDATE', [user]);
    const answer = await think(text);
    await client.query('UPDATE users SET credits = credits - 1 WHERE id = $1', [user]);
    await client.query('COMMIT');
    await send(user, answer);
    await client.query('INSERT INTO transactions (user_id, amount) VALUES ($1, -1)', [user]);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

async function image(user: number, prompt: string): Promise<void> {
  // Read, then set: another request of the same user slips through in between (lock-race).
  const { rows } = await pool.query<{ busy: boolean }>(
    'SELECT processing_since IS NOT NULL AS busy FROM users WHERE id = $1',
    [user],
  );
  if (rows[0]?.busy) return void (await send(user, 'Please wait for the one before.'));
  // Cleared at its end alone: whoever dies before leaves the user locked out (stuck-lock).
  await pool.query('UPDATE users SET processing_since = now() WHERE id = $1', [user]);
  // Taken here, written down far below (charge-without-record).
  await pool.query('UPDATE users SET credits = credits - $2 WHERE id = $1', [user, IMAGE]);
  const base = env['NOVITA_BASE_URL'];
  const request = { model_name: 'model', prompt };
  const { task_id: task } = await post<{ task_id: string }>(
    `${base}/v3/async/txt2img`,
    { request },
    env['NOVITA_API_KEY'],
  );
  // Within the request, at a fixed pace, and forgotten with the process (blocking-poll, reload-in-prod).
  for (let poll = 0; poll < POLLS; poll += 1) {
    await sleep(POLL_EVERY);
    const response = await fetch(`${base}/v3/async/task-result?task_id=${task}`, {
      headers: { authorization: `Bearer ${env['NOVITA_API_KEY']}` },
    });
    const { task: seen } = (await response.json()) as { task: { status: string } };
    if (seen.status === 'TASK_STATUS_SUCCEED') break;
  }
  await send(user, 'Your picture.');
  await pool.query('INSERT INTO transactions (user_id, amount) VALUES ($1, $2)', [user, -IMAGE]);
  await pool.query('UPDATE users SET processing_since = NULL WHERE id = $1', [user]);
}

interface Body {
  message?: { chat: { id: number }; text?: string };
}

const app = Fastify({ logger: false });
app.get('/ready', async () => ({ ready: true }));
app.post<{ Body: Body }>('/telegram/webhook', async ({ body }) => {
  const { chat, text = '' } = body.message ?? { chat: { id: 0 } };
  // Handled in the request; whatever goes wrong is answered with 200, "to prevent retries" (webhook-blocks, false-200).
  await (text.startsWith('/image ') ? image(chat.id, text.slice(7)) : ask(chat.id, text)).catch(() => undefined);
  return { ok: true };
});
await app.listen({ port: Number(env['PORT']), host: '127.0.0.1' });
await once(process, 'SIGTERM');
process.exit(0);
