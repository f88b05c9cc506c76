/** The durable jobs of a task: queues of its role, and in a worker what begins by the clock; all of it on pg-boss. */
import type pg from 'pg';
import { queuesOf, type JobRole } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import { releaseExpired } from '../ledger/index.ts';
import { describeError, type Logger } from '../log.ts';
import { createBoss } from './boss.ts';
import type { Jobs } from './job.ts';
import type { ScheduleName } from './queues.ts';
import { createRetention } from './retention.ts';
import type { ScheduleHandler } from './run.ts';
import { startSchedule } from './schedules.ts';
import { startJobWorker, type JobWorker } from './worker.ts';

/** Schedules whose handlers are the features'; the others are here. */
type OwnSchedules = 'retention' | 'reserves';
/** Exhaustive by type: a schedule declared in the posture and missing here does not compile. */
export type Schedules = Record<Exclude<ScheduleName, OwnSchedules>, ScheduleHandler>;

interface Needs {
  pool: Pool;
  /** A connection beside the pool, while there is one. */
  connection: () => pg.Client | undefined;
  botId: number;
  posture: Posture;
  /** Whose queues it works on. */
  role: JobRole;
  jobs: Jobs;
  /** Default: nothing runs by the clock here. */
  schedules?: Schedules;
  /** Whether a queue or a schedule is switched on just now, by its path in the posture. Default: all are. */
  isOn?: (name: string) => boolean;
  /** How far the log of the database was seen: `Lineage.seen`. Default: anywhere. */
  seen?: () => string;
  log: Logger;
}

export interface RunningJobs extends Pick<JobWorker, 'state' | 'progress'> {
  /** Tells schedules to end, lets jobs end for `milliseconds` and puts back what has not, and resolves when that is done. */
  /** Looks at once whether something of a schedule is to be done. */
  wake(): void;
  stop(milliseconds: number): Promise<void>;
}

/** Starts at once, and works from when the database is there and migrated. */
export function startJobs({
  pool,
  connection,
  botId,
  posture,
  role,
  jobs,
  schedules,
  isOn = () => true,
  seen,
  log,
}: Needs): RunningJobs {
  const boss = createBoss(pool, log);
  const handlers: Record<ScheduleName, ScheduleHandler> | undefined = schedules && {
    ...schedules,
    retention: createRetention({ pool, posture }),
    reserves: async ({ signal }) => ({ released: await releaseExpired(pool, signal) }),
  };
  const loops = Object.entries(handlers ?? {}).map(([name, handler]) =>
    startSchedule({ pool, boss, botId, posture, name: name as ScheduleName, handler, isOn, log }),
  );
  const queues = queuesOf(posture, role);
  const worker = startJobWorker({
    pool,
    connection,
    boss,
    botId,
    posture,
    queues,
    jobs,
    isOn,
    ...(seen && { seen }),
    log,
  });
  return {
    state: () => worker.state(),
    progress: () => worker.progress(),
    wake: () => {
      for (const loop of loops) loop.wake();
    },
    stop: async (milliseconds) => {
      await Promise.all([worker.stop(milliseconds), ...loops.map((loop) => loop.stop())]);
      await boss
        .stop({ graceful: false })
        .catch((error: unknown) => log.warn({ error: describeError(error) }, 'pg-boss did not stop'));
    },
  };
}
