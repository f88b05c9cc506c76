/** The outbox in the database. Each statement names the index that it relies on. */
import { ANYWHERE } from '../database/lineage.ts';
import type { Pool } from '../database/pool.ts';
import { CLASSES, classesThat, type MessageClass } from './classes.ts';

export interface Claimed {
  id: number;
  chat: number;
  class: MessageClass;
  method: string;
  payload: Record<string, unknown>;
  /** How often it has left, or may have, this time included. */
  attempts: number;
  /** Since it was written, ms. */
  age: number;
  /** The fence: as PostgreSQL writes the time of this claim. */
  claimed: string;
  /** The message that it stands in the place of. */
  edits: number | null;
}

/**
 * outbox_due; for each, outbox_chat. The first of a chat, where none of its messages is under way; of marketing, the first
 * of marketing. `sending` is committed with this, before any request leaves: who is killed from here on leaves a message
 * of which nobody knows whether it arrived. Nothing while the database is held (app/database/lineage.ts).
 */
const CLAIM = {
  name: 'claim-messages',
  text: `
    WITH first AS MATERIALIZED (
      SELECT id FROM evenkeel.outbox o
      WHERE (SELECT evenkeel.goes_out($3)) AND state = 'waiting' AND due_at <= now() AND bot_id IN ($1, 0) AND NOT EXISTS (
        SELECT FROM evenkeel.outbox e
        WHERE e.chat_id = o.chat_id AND e.id < o.id AND e.state IN ('waiting', 'sending')
          AND (e.class = 'marketing') = (o.class = 'marketing')
      )
      ORDER BY rank, due_at LIMIT $2
      FOR UPDATE SKIP LOCKED
    )
    UPDATE evenkeel.outbox o SET state = 'sending', attempts = attempts + 1, claimed_at = clock_timestamp()
    FROM first WHERE o.id = first.id
    RETURNING o.id, chat_id AS chat, class, method, payload, attempts, claimed_at::text AS claimed,
      (extract(epoch FROM now() - created_at) * 1000)::float8 AS age,
      (SELECT (e.result->>'message_id')::bigint FROM evenkeel.outbox e
       WHERE e.chat_id = o.chat_id AND e.replaces = o.replaces AND e.state = 'sent'
       ORDER BY e.id DESC LIMIT 1) AS edits`,
};

export async function claimMessages(pool: Pool, botId: number, room: number, seen = ANYWHERE): Promise<Claimed[]> {
  const { rows } = await pool.query<Claimed>({ ...CLAIM, values: [botId, room, seen] });
  return rows;
}

/** What becomes of a message that was claimed. */
export type Became =
  | { state: 'sent'; result: unknown }
  | { state: 'unknown'; error: string }
  | { state: 'dead'; error: string; code: number | undefined }
  /** `left`: a request left, and nobody knows what became of it. `after` in ms. */
  | { state: 'waiting'; after: number; left: boolean; error: string };

export interface Settled {
  message: Claimed;
  became: Became;
}

/** What is kept of Telegram's answer: what a later message of the same name has to know. */
const kept = (result: unknown): object =>
  typeof result === 'object' && result !== null && 'message_id' in result ? { message_id: result.message_id } : {};

const stored = (text: string): string => text.replaceAll('\u0000', '').toWellFormed().slice(0, 2000);

/** outbox_pkey. Writes down what became of messages; those that are not this claim's any more stay as they are. */
export async function settleMessages(pool: Pool, settled: readonly Settled[]): Promise<void> {
  const column = <T>(of: (settled: Settled) => T): T[] => settled.map(of);
  await pool.query({
    name: 'settle-messages',
    text: `
      UPDATE evenkeel.outbox o SET
        state = s.state,
        attempts = o.attempts - CASE WHEN s.state = 'waiting' AND NOT s.gone THEN 1 ELSE 0 END,
        due_at = CASE WHEN s.state = 'waiting' THEN now() + s.after * interval '1 ms' ELSE o.due_at END,
        settled_at = CASE WHEN s.state <> 'waiting' THEN now() END,
        -- What was said is not needed again, and is most of the row.
        payload = CASE WHEN s.state = 'sent' THEN '{}' ELSE o.payload END,
        result = s.result, error = s.error, error_code = s.code
      FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::float8[], $5::boolean[], $6::json[], $7::text[], $8::smallint[])
        AS s (id, claimed, state, after, gone, result, error, code)
      WHERE o.id = s.id AND o.state = 'sending' AND o.claimed_at = s.claimed`,
    values: [
      column(({ message }) => message.id),
      column(({ message }) => message.claimed),
      column(({ became }) => became.state),
      column(({ became }) => (became.state === 'waiting' ? became.after : 0)),
      column(({ became }) => became.state === 'waiting' && became.left),
      column(({ became }) => (became.state === 'sent' ? JSON.stringify(kept(became.result)) : null)),
      column(({ became }) => (became.state === 'sent' ? null : stored(became.error))),
      column(({ became }) => (became.state === 'dead' ? (became.code ?? null) : null)),
    ],
  });
}

/** Classes that leave once more where nobody knows whether they arrived. */
const REPEATED = classesThat(({ leaves }) => leaves > 1);

/**
 * outbox_sending. Messages of workers that were lost while sending them, when the bot's workers could write for a whole
 * lease: repeated once, or left unknown, as their class says. Returns how many.
 */
export async function takeBackMessages(pool: Pool, botId: number, lease: number): Promise<number> {
  const { rowCount } = await pool.query({
    name: 'take-back-messages',
    text: `
      UPDATE evenkeel.outbox o SET
        state = CASE WHEN again THEN 'waiting' ELSE 'unknown' END,
        settled_at = CASE WHEN NOT again THEN now() END,
        due_at = now(),
        error = 'its worker was lost while sending it'
      FROM (
        SELECT id, class = ANY ($3::text[]) AND attempts < 2 AS again FROM evenkeel.outbox, evenkeel.pulse p
        WHERE state = 'sending' AND claimed_at < clock_timestamp() - $2::float8 * interval '1 ms'
          AND outbox.bot_id IN ($1, 0) AND p.bot_id = $1
          AND p.since < clock_timestamp() - $2::float8 * interval '1 ms'
        ORDER BY id LIMIT 1000
        FOR UPDATE OF outbox SKIP LOCKED
      ) AS lost
      WHERE o.id = lost.id`,
    values: [botId, lease, REPEATED],
  });
  return rowCount ?? 0;
}

/** Whether a class leaves once more. */
export const mayLeaveAgain = ({ class: name, attempts }: Claimed): boolean => attempts < CLASSES[name].leaves;
