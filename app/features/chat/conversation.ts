/** The conversation in SQL: bounded when it is read, idempotent by update when it is written. */
import type { Context } from 'grammy';
import type { Pool } from '../../database/pool.ts';
import type { ChatMessage } from '../../providers/openrouter.ts';

/** One conversation: a chat, or one topic of it. */
export interface Conversation {
  botId: number;
  chatId: number;
  /** 0 where the chat has no topics, or the message stands in none. */
  threadId: number;
}

/** Where an update belongs. A thread that is no topic (replies in a group have one) is part of its chat. */
export function conversationOf(ctx: Context): Conversation | undefined {
  const message = ctx.msg;
  if (!ctx.chat) return undefined;
  const threadId = (message?.is_topic_message ? message.message_thread_id : undefined) ?? 0;
  return { botId: ctx.me.id, chatId: ctx.chat.id, threadId };
}

interface Entry extends Conversation {
  updateId: number;
  role: 'user' | 'assistant';
  text: string;
}

/** Stores one side of an exchange once; returns the text that stands, which is the first one's. Uses message_pkey. */
export async function remember(pool: Pool, { botId, updateId, chatId, threadId, role, text }: Entry): Promise<string> {
  const { rows } = await pool.query<{ text: string }>({
    name: 'remember',
    text: `
      WITH added AS (
        INSERT INTO evenkeel.message (bot_id, update_id, role, chat_id, thread_id, text) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (bot_id, update_id, role) DO NOTHING
        RETURNING text
      )
      SELECT text FROM added
      UNION ALL
      SELECT text FROM evenkeel.message WHERE bot_id = $1 AND update_id = $2 AND role = $3
      LIMIT 1`,
    // Stored for the next question, where a NUL would be refused by PostgreSQL's text.
    values: [botId, updateId, role, chatId, threadId, text.replaceAll('\u0000', '')],
  });
  return rows[0]?.text ?? text;
}

/** What was asked is taken back: it is not answered. Uses message_pkey. */
export async function unask(pool: Pool, botId: number, updateId: number): Promise<void> {
  await pool.query({
    name: 'unask',
    text: `DELETE FROM evenkeel.message WHERE bot_id = $1 AND update_id = $2 AND role = 'user'`,
    values: [botId, updateId],
  });
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
 * The latest messages of a conversation, oldest first, at most `messages` of them and `characters` in all, cut in SQL so that a
 * long conversation never reaches the heap (fault history-memory). Uses message_thread.
 */
export async function recall(
  pool: Pool,
  { botId, chatId, threadId }: Conversation,
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
          WHERE bot_id = $1 AND chat_id = $2 AND thread_id = $3
          ORDER BY created_at DESC
          LIMIT $4
        ) AS latest
      ) AS counted
      WHERE so_far <= $5
      ORDER BY created_at, update_id, role DESC`,
    values: [botId, chatId, threadId, limits.messages, limits.characters],
  });
  return rows;
}

/** Uses message_thread. */
export async function forgetConversation(pool: Pool, { botId, chatId, threadId }: Conversation): Promise<void> {
  await pool.query({
    name: 'forget-conversation',
    text: 'DELETE FROM evenkeel.message WHERE bot_id = $1 AND chat_id = $2 AND thread_id = $3',
    values: [botId, chatId, threadId],
  });
}
