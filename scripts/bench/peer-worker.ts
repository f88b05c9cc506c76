/**
 * `node scripts/bench/peer-worker.ts KIND`: the same bot as worker of another queue, which `peer.ts KIND` fills. Each is
 * set as its own documentation advises for throughput, with as many jobs at once as our worker has lanes; neither keeps
 * the order of a chat.
 */
import { once } from 'node:events';
import Fastify from 'fastify';
import { openBot, type Bot } from './bot.ts';

const POOL = 10;

const KINDS: Record<string, (bot: Bot, atOnce: number) => Promise<unknown>> = {
  'BullMQ add': async ({ handle }, concurrency) => {
    const { Worker } = await import('bullmq');
    const worker = new Worker('updates', (job) => handle(JSON.stringify(job.data)), {
      connection: { url: process.env['REDIS_URL']! },
      concurrency,
      removeOnComplete: { count: 0 },
    });
    await worker.waitUntilReady();
    return worker;
  },

  'graphile-worker addJob': async ({ handle }, concurrentJobs) => {
    const { Logger, run } = await import('graphile-worker');
    return run({
      connectionString: process.env['DATABASE_URL']!,
      taskList: { update: (payload) => handle(JSON.stringify(payload)) },
      noHandleSignals: true,
      preset: {
        worker: {
          concurrentJobs,
          maxPoolSize: POOL,
          // Jobs fetched and completed in batches; the delay is in ms.
          localQueue: { size: concurrentJobs + 1 },
          completeJobBatchDelay: 0,
          logger: new Logger(() => (level, message) => {
            if (level === 'error') console.error(message);
          }),
        },
      },
    });
  },
};

const kind = process.argv[2] ?? '';
const start = KINDS[kind];
if (!start) throw new Error(`unknown peer "${kind}"; one of ${Object.keys(KINDS).join(', ')}`);
const bot = await openBot(kind);
await start(bot, bot.posture.jobs.chat.lanes);
const app = Fastify({ logger: false });
app.get('/ready', async () => ({ ready: true }));
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
await once(process, 'SIGTERM');
process.exit(0);
