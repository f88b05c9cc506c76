/** The durable jobs of a worker: which handler does which, and the pg-boss that keeps them. */
import type { Posture } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import { releaseExpired } from '../ledger/index.ts';
import { describeError, type Logger } from '../log.ts';
import { createBoss } from './boss.ts';
import type { ScheduleName } from './queues.ts';
import { createRetention } from './retention.ts';
import type { JobHandler } from './run.ts';
import { startSchedule } from './schedules.ts';

interface Needs {
  pool: Pool;
  posture: Posture;
}

/** Exhaustive by type: a schedule declared in the posture and missing here does not compile. */
const handlers = (needs: Needs): Record<ScheduleName, JobHandler> => ({
  retention: createRetention(needs),
  reserves: async ({ signal }) => ({ released: await releaseExpired(needs.pool, signal) }),
});

export interface Jobs {
  /** Tells what runs to end, and resolves when it has. */
  stop(): Promise<void>;
}

/** Starts at once, and works from when the database is there and migrated. */
export function startJobs({ pool, posture, log }: Needs & { log: Logger }): Jobs {
  const boss = createBoss(pool, log);
  const running = Object.entries(handlers({ pool, posture })).map(([name, handler]) =>
    startSchedule({ boss, posture, name: name as ScheduleName, handler, log }),
  );
  return {
    stop: async () => {
      await Promise.all(running.map((loop) => loop.stop()));
      await boss
        .stop({ graceful: false })
        .catch((error: unknown) => log.warn({ error: describeError(error) }, 'pg-boss did not stop'));
    },
  };
}
