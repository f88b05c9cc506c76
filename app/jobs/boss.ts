/** pg-boss on our pool: one connection budget a process. Its schema and queues are the migrate role's business. */
import { PgBoss } from 'pg-boss';
import type { Pool } from '../database/pool.ts';
import { describeError, type Logger } from '../log.ts';

export const PGBOSS_SCHEMA = 'pgboss';

/** How often lost jobs are looked for and finished ones cleared away, s. Of all workers, one does it. */
const SUPERVISE = 60;

/** Not started: `start` fails while the database is away or not migrated, and may be called again. */
export function createBoss(pool: Pool, log: Logger): PgBoss {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => pool.query(text, values) },
    schema: PGBOSS_SCHEMA,
    migrate: false,
    createSchema: false,
    // Slots are ours (schedules.ts): pg-boss's own know nothing finer than a minute.
    schedule: false,
    // A NOTIFY inside a commit would make every commit of the server wait for the one before.
    useListenNotify: false,
    registerInstance: false,
    reindex: false,
    superviseIntervalSeconds: SUPERVISE,
    monitorIntervalSeconds: SUPERVISE,
    maintenanceIntervalSeconds: SUPERVISE,
  });
  boss.on('error', (error) => log.warn({ error: describeError(error) }, 'pg-boss: a statement failed'));
  boss.on('warning', ({ message }) => log.warn({ warning: message }, 'pg-boss warns'));
  return boss;
}
