/** The worker's jobs inside the test process, on a real database, with the handler that the test gives. */
import type { JobNeeds } from '../../app/features/feature.ts';
import { jobsOf } from '../../app/features/index.ts';
import { createBoss } from '../../app/jobs/boss.ts';
import { job, type JobHandler } from '../../app/jobs/job.ts';
import { jobQueue } from '../../app/jobs/queue.ts';
import { startJobWorker, type JobWorker } from '../../app/jobs/worker.ts';
import type { Pool } from '../../app/database/pool.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { z } from 'zod';
import { cleanup, type Owner } from './cleanup.ts';
import type { TestDatabase } from './database.ts';
import { BOT_ID, workerPool } from './lanes.ts';
import { captureLog, type CapturedLog } from './logs.ts';

/** The queue of the tests: one that the posture declares, with an input of their own. */
export const QUEUE = jobQueue('remind', z.strictObject({ n: z.int(), text: z.string().optional() }));
export type Input = { n: number; text?: string | undefined };

export interface TestJobs {
  worker: JobWorker;
  pool: Pool;
  logs: CapturedLog;
}

interface TestJobsOptions {
  database: TestDatabase;
  posture: Posture;
  handle: JobHandler<Input>;
  /** Whose worker it is. */
  botId?: number;
}

export function startTestJobs(owner: Owner, { database, posture, handle, botId = BOT_ID }: TestJobsOptions): TestJobs {
  const undo = cleanup(owner);
  const logs = captureLog();
  const pool = workerPool({ after: undo }, database, posture, botId);
  const boss = createBoss(pool, logs.log);
  undo(() => boss.stop({ graceful: false }));
  const worker = startJobWorker({
    pool,
    connection: () => undefined,
    boss,
    botId,
    posture,
    jobs: { ...jobsOf({ pool, posture } as unknown as JobNeeds), remind: job(QUEUE, handle) },
    log: logs.log,
  });
  undo(() => worker.stop(0));
  return { worker, pool, logs };
}

export interface JobRow {
  id: string;
  name: string;
  state: string;
  attempts: number;
  n: number;
  output: { message?: string } | null;
}

export const jobRows = (database: TestDatabase, queue = 'remind'): Promise<JobRow[]> =>
  database.sql<JobRow & Record<string, unknown>>(
    `SELECT id, name, state::text, retry_count AS attempts, (data->'n') AS n, coalesce(source_output, output) AS output
     FROM pgboss.job WHERE name = $1 ORDER BY created_on, data->'n'`,
    [queue],
  );
