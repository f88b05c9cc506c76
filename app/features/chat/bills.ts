/** What answers are charged by, in SQL. Each statement names the index that it relies on. */
import { bigints, type Pool } from '../../database/pool.ts';
import type { Tx } from '../../database/tx.ts';
import type { ChatMessage } from '../../providers/openrouter.ts';
import type { Conversation } from './conversation.ts';

export interface Bill {
  /** One of the day's free answers. */
  free: boolean;
  /** Credits held for it; null where it is free. */
  held: bigint | null;
  /** Credits that it costs; null as long as there is no answer. */
  price: bigint | null;
  /** The provider has said what it took. */
  counted: boolean;
}

export interface Question {
  botId: number;
  updateId: number;
  userId: number;
}

/** Key of the reserve. */
export const causeOf = ({ updateId }: Pick<Question, 'updateId'>): string => `chat:${updateId}`;

export interface Claimed {
  /** What this question is charged by, now or since an earlier run; undefined: no free answer is left today. */
  bill: Bill | undefined;
  /** Free answers that are left today. */
  left: number;
  /** Until there are free answers again, whole hours, rounded up. */
  hours: number;
}

/**
 * answer_pkey, answer_person. Takes one of the day's free answers, once for a question, by the database's clock. A person's
 * questions are asked one after the other, in the lane of their chat: no two of them count at once.
 */
export async function claimFree(pool: Pool, { botId, updateId, userId }: Question, free: number): Promise<Claimed> {
  const { rows } = await pool.query<{ known: boolean; used: number; hours: number } & Bill>({
    name: 'claim-free-answer',
    text: `
      WITH clock AS (SELECT now() AT TIME ZONE 'utc' AS now),
      used AS (
        SELECT count(*)::int AS n FROM evenkeel.answer, clock
        WHERE bot_id = $1 AND user_id = $3 AND day = clock.now::date AND free
      ), known AS (
        SELECT free, held, price, counted FROM evenkeel.answer WHERE bot_id = $1 AND update_id = $2
      ), claimed AS (
        INSERT INTO evenkeel.answer (bot_id, update_id, user_id, day, free)
        SELECT $1, $2, $3, clock.now::date, true FROM clock, used
        WHERE used.n < $4 AND NOT EXISTS (SELECT FROM known)
        ON CONFLICT (bot_id, update_id) DO NOTHING
        RETURNING free, held, price, counted
      ), bill AS (SELECT * FROM known UNION ALL SELECT * FROM claimed)
      SELECT used.n + (SELECT count(*) FROM claimed)::int AS used, bill.free IS NOT NULL AS known,
             bill.free, bill.held, bill.price, bill.counted,
             ceil(extract(epoch FROM (clock.now::date + 1)::timestamp - clock.now) / 3600)::int AS hours
      FROM clock CROSS JOIN used LEFT JOIN bill ON true`,
    values: [botId, updateId, userId, free],
    types: bigints,
  });
  const { known, used, hours, ...bill } = rows[0]!;
  return { bill: known ? bill : undefined, left: Math.max(0, free - used), hours };
}

/** answer_pkey */
export async function billOf(pool: Pool, { botId, updateId }: Question): Promise<Bill | undefined> {
  const { rows } = await pool.query<Bill & Record<string, unknown>>({
    name: 'bill-of-answer',
    text: 'SELECT free, held, price, counted FROM evenkeel.answer WHERE bot_id = $1 AND update_id = $2',
    values: [botId, updateId],
    types: bigints,
  });
  return rows[0];
}

/** Beside the reserve, in its commit. */
export async function openBill(tx: Tx, { botId, updateId, userId }: Question, held: bigint): Promise<void> {
  await tx.query({
    name: 'open-bill-of-answer',
    text: 'INSERT INTO evenkeel.answer (bot_id, update_id, user_id, free, held) VALUES ($1, $2, $3, false, $4)',
    values: [botId, updateId, userId, held],
  });
}

/** answer_pkey. Nothing was delivered: a free answer is there to be had again. */
export async function dropBill(db: Pick<Tx, 'query'>, { botId, updateId }: Question): Promise<void> {
  await db.query({
    name: 'drop-bill-of-answer',
    text: 'DELETE FROM evenkeel.answer WHERE bot_id = $1 AND update_id = $2',
    values: [botId, updateId],
  });
}

/**
 * message_pkey, answer_pkey. Stores an answer and what it costs, both or neither, and once: a run that comes later finds
 * those of the first.
 */
export async function rememberBilled(
  pool: Pool,
  { botId, chatId, threadId, updateId }: Conversation & Question,
  { text, price, counted }: { text: string; price: bigint; counted: boolean },
): Promise<{ text: string; bill: Bill | undefined }> {
  const { rows } = await pool.query<{ text: string } & Bill & Record<string, unknown>>({
    name: 'remember-billed',
    text: `
      WITH added AS (
        INSERT INTO evenkeel.message (bot_id, update_id, role, chat_id, thread_id, text)
        VALUES ($1, $2, 'assistant', $3, $4, $5)
        ON CONFLICT (bot_id, update_id, role) DO NOTHING
        RETURNING text
      ), billed AS (
        UPDATE evenkeel.answer SET price = CASE WHEN free THEN 0 ELSE least(held, $6) END, counted = $7
        FROM added WHERE bot_id = $1 AND update_id = $2
        RETURNING free, held, price, counted
      )
      SELECT added.text, billed.* FROM added LEFT JOIN billed ON true`,
    values: [botId, updateId, chatId, threadId, text.replaceAll('\u0000', ''), price, counted],
    types: bigints,
  });
  if (rows[0]) {
    const { text: stored, ...bill } = rows[0];
    return { text: stored, bill: bill.price === null ? undefined : bill };
  }
  const before = await pool.query<ChatMessage>({
    name: 'remembered-billed',
    text: `SELECT role, text AS content FROM evenkeel.message WHERE bot_id = $1 AND update_id = $2 AND role = 'assistant'`,
    values: [botId, updateId],
  });
  return { text: before.rows[0]?.content ?? text, bill: await billOf(pool, { botId, updateId, userId: 0 }) };
}
