/** Deletes what is older than the posture keeps, in small bites that hold no lock for long (fault db-quota). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Posture } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import type { ScheduleHandler } from './run.ts';

/** Rows that one statement deletes at most: some 10 ms. */
export const BITE = 1_000;

/**
 * Walks an index on `column` from the oldest row that is left. `$2` is where the bite before ended: while somebody holds
 * a snapshot open, what was deleted stays in the index, and is not to be passed again and again.
 * By ctid, which is stable for rows that this statement has locked; those that others hold are left for the next run.
 */
const bite = (table: string, column: string, extra = '') => `
  WITH gone AS (
    DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM ${table}
      WHERE ${column} >= $2::timestamptz AND ${column} < now() - $1 * interval '1 ms' ${extra}
      ORDER BY ${column}
      LIMIT ${BITE}
      FOR UPDATE SKIP LOCKED
    ))
    RETURNING ${column}
  )
  SELECT count(*) AS deleted, max(${column})::text AS upto FROM gone`;

type Kept = keyof Pick<
  Posture['database']['retention'],
  'updates' | 'parked' | 'outbox' | 'callbacks' | 'conversation'
>;

/** What is deleted by its age, with the statement that does it and the index that the statement relies on. */
export const BITES = {
  /** inbox_done */
  updates: bite('evenkeel.inbox', 'received_at', `AND state = 'done'`),
  /** inbox_parked */
  parked: bite('evenkeel.inbox', 'settled_at', `AND state = 'parked'`),
  /** outbox_sent */
  sent: bite('evenkeel.outbox', 'settled_at', `AND state = 'sent'`),
  /** outbox_left */
  unsent: bite('evenkeel.outbox', 'settled_at', `AND state IN ('unknown', 'dead')`),
  /** dialog_age: what expired so long ago that nobody taps it to be told so. */
  dialogs: bite('evenkeel.dialog', 'expires_at'),
  /** tap_age */
  taps: bite('evenkeel.tap', 'expires_at'),
  /** callback_received */
  callbacks: bite('evenkeel.callback', 'received_at'),
  /** render_ended: without their words, which went when they ended. */
  renders: bite('evenkeel.render', 'ended_at'),
  /** download_ended: without their links, which went when they ended. */
  downloads: bite('evenkeel.download', 'ended_at'),
  /** file_link_age */
  links: bite('evenkeel.file_link', 'expires_at'),
  /** message_age */
  conversation: bite('evenkeel.message', 'created_at'),
  /** answer_age: its day is long over. */
  answers: bite('evenkeel.answer', 'created_at'),
  /** recipient_age, and all broadcasts, a row each. One that was paused for long goes on with all whom it is for. */
  recipients: bite(
    'evenkeel.broadcast_recipient',
    'created_at',
    `AND broadcast_id <> ALL (ARRAY(SELECT id FROM evenkeel.broadcast WHERE state IN ('running', 'paused', 'stopped')))`,
  ),
  /** slot_age, slot_done. The last of each bot's schedule stays: by it is known what was missed. */
  slots: bite(
    'evenkeel.slot',
    'at',
    `AND at < (SELECT max(l.at) FROM evenkeel.slot l WHERE l.bot_id = slot.bot_id AND l.name = slot.name AND l.outcome = 'done')`,
  ),
};

/** How long each is kept. */
const KEPT: Record<keyof typeof BITES, Kept> = {
  updates: 'updates',
  parked: 'parked',
  sent: 'outbox',
  unsent: 'parked',
  dialogs: 'updates',
  taps: 'updates',
  callbacks: 'callbacks',
  renders: 'parked',
  downloads: 'parked',
  links: 'updates',
  conversation: 'conversation',
  answers: 'updates',
  recipients: 'updates',
  slots: 'updates',
};

async function forget(pool: Pool, statement: string, age: number, signal: AbortSignal): Promise<number> {
  let total = 0;
  for (let upto = '-infinity'; ;) {
    const began = performance.now();
    const { rows } = await pool.query<{ deleted: number; upto: string | null }>(statement, [age, upto]);
    const { deleted, upto: reached } = rows[0]!;
    total += deleted;
    if (deleted < BITE || reached === null || signal.aborted) return total;
    upto = reached;
    // A large backlog takes half of one backend at most; what the deadline leaves is the next slot's.
    await sleep(performance.now() - began, undefined, { signal }).catch(() => undefined);
  }
}

export function createRetention({ pool, posture }: { pool: Pool; posture: Posture }): ScheduleHandler {
  const { retention } = posture.database;
  return async ({ signal }) => {
    const deleted: Partial<Record<keyof typeof BITES, number>> = {};
    for (const [name, statement] of Object.entries(BITES) as [keyof typeof BITES, string][]) {
      if (!signal.aborted) deleted[name] = await forget(pool, statement, retention[KEPT[name]], signal);
    }
    return { deleted };
  };
}
