/** Part: durable jobs, made by one process and run by another's worker: how soon after their commit, and how many a second. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Pool } from '../../app/database/pool.ts';
import { withTx } from '../../app/database/tx.ts';
import { createBoss } from '../../app/jobs/boss.ts';
import { enqueue } from '../../app/jobs/enqueue.ts';
import { job, type Jobs } from '../../app/jobs/job.ts';
import { jobQueue } from '../../app/jobs/queue.ts';
import { jobNames } from '../../app/jobs/queues.ts';
import { startJobWorker } from '../../app/jobs/worker.ts';
import { createLogger } from '../../app/log.ts';
import { resolve, spellOut } from '../../posture/resolve.ts';
import { openPool } from './pool.ts';
import { against, median, type Row } from './report.ts';
import { query, type Stage } from './stage.ts';

/** A queue that is there whatever feature is deleted, with an input of its own. */
const queue = jobQueue('deposit', z.strictObject({ chat: z.int(), text: z.string() }));

const RATE = 20;
const DONE_WITHIN = 120_000;

export async function benchJobs(
  stage: Stage,
  { paced, queued }: { paced: number; queued: number },
  say: (text: string) => void,
): Promise<Row[]> {
  const url = await stage.database(true);
  const log = createLogger('bench', 'warn');
  const input = spellOut(stage.posture);
  const posture = resolve({ ...input, work: { ...input.work, deposit: { ...input.work?.deposit, concurrency: 64 } } });
  // Two pools: what is committed on one is news to the other only when it looks, as between two processes.
  const maker = openPool(url, posture, { max: 4 });
  const runner = openPool(url, posture);
  const boss = createBoss(runner, log);
  const began = new Map<number, number>();
  const handled = job(queue, async ({ input: { chat }, transaction, done }) => {
    began.set(chat, performance.now());
    await transaction((tx) => done(tx));
  });
  const others = jobNames(posture).map((name) => [name, { ...handled, queue: { ...queue, name } }]);
  const start = () =>
    startJobWorker({
      pool: runner,
      connection: () => undefined,
      boss,
      botId: 1,
      posture,
      jobs: { ...Object.fromEntries(others), deposit: handled } as Jobs,
      log,
    });
  try {
    let worker = start();
    const waits: number[] = [];
    const committed: number[] = [];
    for (let n = 1; n <= paced; n += 1) {
      await make(maker, n);
      committed[n] = performance.now();
      await sleep((1000 / RATE) * (0.5 + Math.random()));
    }
    await all(began, paced);
    for (let n = 1; n <= paced; n += 1) waits.push(Math.max(0, began.get(n)! - committed[n]!));
    await worker.stop(10_000);
    say(
      `jobs: from commit to start ${Math.round(median(waits)!)} ms (half), ${Math.round(Math.max(...waits))} ms (all)`,
    );

    for (let n = 1; n <= queued; n += 500)
      await withTx(maker, async (tx) => {
        for (let m = n; m < Math.min(n + 500, queued + 1); m += 1)
          await enqueue(tx, queue, { chat: paced + m, text: 'x' });
      });
    const from = performance.now();
    worker = start();
    await all(began, paced + queued);
    const rate = (queued / (performance.now() - from)) * 1000;
    await worker.stop(10_000);
    say(`jobs: ${Math.round(rate)}/s`);
    const [left] = await query<{ count: number }>(
      url,
      `SELECT count(*)::int AS count FROM pgboss.job WHERE name = '${queue.name}' AND state <> 'completed'`,
    );
    return [
      against({ name: 'jobs: from commit to start, half of them', value: median(waits), unit: 'ms' }, '≤', 150),
      against({ name: 'jobs: from commit to start, all of them', value: Math.max(...waits), unit: 'ms' }, '≤', 1_000),
      against({ name: 'jobs', value: rate, unit: '/s' }, '≥', 500),
      against({ name: 'jobs: not done', value: left!.count, unit: 'count' }, '≤', 0),
    ];
  } finally {
    await boss.stop({ graceful: false });
    await Promise.all([maker.end(), runner.end()]);
  }
}

const make = (pool: Pool, n: number) => withTx(pool, (tx) => enqueue(tx, queue, { chat: n, text: 'x' }));

async function all(began: ReadonlyMap<number, number>, count: number): Promise<void> {
  for (const until = performance.now() + DONE_WITHIN; began.size < count; await sleep(5))
    if (performance.now() > until)
      throw new Error(`only ${began.size} of ${count} jobs began within ${DONE_WITHIN / 1000} s`);
}
