/** `node scripts/bench/peer.ts KIND`: the same HTTP server in front of another way of keeping an update. */
import { once } from 'node:events';
import Fastify from 'fastify';
import pg from 'pg';

type Keep = (update: { update_id: number }) => Promise<unknown>;

const databaseUrl = () => process.env['DATABASE_URL']!;
const POOL = 10;

const KINDS: Record<string, () => Promise<Keep>> = {
  'no-op': async () => async () => undefined,

  'single-row INSERT': async () => {
    const pool = new pg.Pool({ connectionString: databaseUrl(), max: POOL });
    await pool.query('CREATE TABLE IF NOT EXISTS kept (update_id bigint PRIMARY KEY, body jsonb NOT NULL)');
    return (update) =>
      pool.query({
        name: 'keep',
        text: 'INSERT INTO kept VALUES ($1, $2) ON CONFLICT DO NOTHING',
        values: [update.update_id, JSON.stringify(update)],
      });
  },

  'pg-boss send': async () => {
    const { PgBoss } = await import('pg-boss');
    const boss = new PgBoss({ connectionString: databaseUrl(), max: POOL, supervise: false, schedule: false });
    await boss.start();
    await boss.createQueue('updates');
    return (update) => boss.send('updates', update);
  },

  'BullMQ add': async () => {
    const { Queue } = await import('bullmq');
    const queue = new Queue('updates', { connection: { url: process.env['REDIS_URL']! } });
    await queue.waitUntilReady();
    return (update) => queue.add('update', update, { jobId: `u${update.update_id}` });
  },

  'graphile-worker addJob': async () => {
    const { makeWorkerUtils } = await import('graphile-worker');
    const utils = await makeWorkerUtils({ connectionString: databaseUrl(), maxPoolSize: POOL });
    await utils.migrate();
    return (update) => utils.addJob('update', update, { jobKey: `u${update.update_id}` });
  },
};

const kind = process.argv[2] ?? '';
const open = KINDS[kind];
if (!open) throw new Error(`unknown peer "${kind}"; one of ${Object.keys(KINDS).join(', ')}`);
const keep = await open();
const app = Fastify({ logger: false });
app.get('/ready', async () => ({ ready: true }));
app.post<{ Body: { update_id: number } }>('/telegram/webhook', async (request) => {
  await keep(request.body);
  return { ok: true };
});
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
await once(process, 'SIGTERM');
process.exit(0);
