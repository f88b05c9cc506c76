/** pg-boss on our pool: one connection budget a process. Its schema and queues are the migrate role's business. */
import { createHash } from 'node:crypto';
import { PgBoss, type Db } from 'pg-boss';
import type { QueryResult } from 'pg';
import type { Posture } from '../../posture/schema/index.ts';
import type { Pool, PoolClient } from '../database/pool.ts';
import { describeError, type Logger } from '../log.ts';
import { PGBOSS_SCHEMA } from './queues.ts';

const names = new Map<string, string>();

/** A name for a statement's text, so that a session prepares it once: planning was most of a fetch's cost. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `boss-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
    names.set(text, name);
  }
  return name;
}

/** pg-boss on a pool, or on a client that is inside a transaction of ours. `after` is called when a statement was sent. */
export function on(db: Pool | PoolClient, after?: () => void): Db {
  return {
    executeSql(text, values) {
      // Without values it may be several statements, which cannot be prepared.
      const sent: Promise<QueryResult> = values?.length
        ? db.query({ name: nameOf(text), text, values })
        : db.query(text);
      after?.();
      return sent;
    },
  };
}

export function createBoss(pool: Pool, posture: Posture, log: Logger): PgBoss {
  const supervise = Math.max(1, Math.round(posture.lanes.supervise / 1000));
  const boss = new PgBoss({
    db: on(pool),
    schema: PGBOSS_SCHEMA,
    migrate: false,
    createSchema: false,
    schedule: false,
    registerInstance: false,
    reindex: false,
    superviseIntervalSeconds: supervise,
    monitorIntervalSeconds: supervise,
    maintenanceIntervalSeconds: 60,
    // Backlogs have an alarm with a threshold of their own.
    warningQueueSize: 1_000_000,
  });
  boss.on('error', (error) => log.warn({ error: describeError(error) }, 'pg-boss: a statement failed'));
  boss.on('warning', ({ message }) => log.warn({ warning: message }, 'pg-boss warns'));
  return boss;
}
