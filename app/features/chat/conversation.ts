/** The conversation in SQL: bounded when it is read, idempotent by update when it is written. */
import type { Pool } from '../../database/pool.ts';
import type { ChatMessage } from '../../providers/openrouter.ts';

interface Entry {
  botId: number;
  updateId: number;
  chatId: number;
  role: 'user' | 'assistant';
  text: string;
}

/** Stores one side of an exchange once; returns the text that stands, which is the first one's. Uses message_pkey. */
export async function remember(pool: Pool, { botId, updateId, chatId, role, text }: Entry): Promise<string> {
  const { rows } = await pool.query<{ text: string }>({
    name: 'remember',
    text: `
      WITH added AS (
        INSERT INTO evenkeel.message (bot_id, update_id, role, chat_id, text) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (bot_id, update_id, role) DO NOTHING
        RETURNING text
      )
      SELECT text FROM added
      UNION ALL
      SELECT text FROM evenkeel.message WHERE bot_id = $1 AND update_id = $2 AND role = $3
      LIMIT 1`,
    // Stored for the next question, where a NUL would be refused by PostgreSQL's text.
    values: [botId, updateId, role, chatId, text.replaceAll('\u0000', '')],
  });
  return rows[0]?.text ?? text;
}

/** The answer that this update has already been given, if any. Uses message_pkey. */
export async function answerOf(pool: Pool, botId: number, updateId: number): Promise<string | undefined> {
  const { rows } = await pool.query<{ text: string }>({
    name: 'answer-of',
    text: `SELECT text FROM evenkeel.message WHERE bot_id = $1 AND update_id = $2 AND role = 'assistant'`,
    values: [botId, updateId],
  });
  return rows[0]?.text;
}

/**
 * The latest messages of a chat, oldest first, at most `messages` of them and `characters` in all, cut in SQL so that a
 * long conversation never reaches the heap (fault history-memory). Uses message_history.
 */
export async function recall(
  pool: Pool,
  botId: number,
  chatId: number,
  limits: { messages: number; characters: number },
): Promise<ChatMessage[]> {
  const { rows } = await pool.query<ChatMessage>({
    name: 'recall',
    text: `
      SELECT role, text AS content FROM (
        SELECT role, text, created_at, update_id,
               sum(length(text)) OVER (ORDER BY created_at DESC, update_id DESC, role) AS so_far
        FROM (
          SELECT role, text, created_at, update_id FROM evenkeel.message
          WHERE bot_id = $1 AND chat_id = $2
          ORDER BY created_at DESC
          LIMIT $3
        ) AS latest
      ) AS counted
      WHERE so_far <= $4
      ORDER BY created_at, update_id, role DESC`,
    values: [botId, chatId, limits.messages, limits.characters],
  });
  return rows;
}

export async function forgetConversation(pool: Pool, botId: number, chatId: number): Promise<void> {
  await pool.query({
    name: 'forget-conversation',
    text: 'DELETE FROM evenkeel.message WHERE bot_id = $1 AND chat_id = $2',
    values: [botId, chatId],
  });
}
