/** Deletes what is older than the posture keeps, in small bites that hold no lock for long (fault db-quota). */
import type { Posture } from '../../posture/schema/index.ts';
import type { Logger } from '../log.ts';
import { startLoop, type Loop } from '../loop.ts';
import type { Pool } from './pool.ts';

const BITE = 1_000;
const EVERY = 60_000;

/** inbox_received and message_created (BRIN). SKIP LOCKED: several workers may do so at once. */
const bite = (table: string, column: string, extra: string) => `
  DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ${table}
    WHERE ${column} < now() - $1 * interval '1 ms' ${extra}
    LIMIT ${BITE} FOR UPDATE SKIP LOCKED
  ))`;

const OLD_UPDATES = bite('evenkeel.inbox', 'received_at', `AND state = 'done'`);
const OLD_MESSAGES = bite('evenkeel.message', 'created_at', '');

export function startRetention(pool: Pool, posture: Posture, log: Logger): Loop {
  const { updates, conversation } = posture.database.retention;
  return startLoop({
    name: 'retention',
    every: EVERY,
    log,
    turn: async () => {
      const old = await pool.query(OLD_UPDATES, [updates]);
      const forgotten = await pool.query(OLD_MESSAGES, [conversation]);
      return old.rowCount === BITE || forgotten.rowCount === BITE;
    },
  });
}
