/** Messages that could not be said, or of which nobody knows whether they were: their words are kept for a person to decide. */
import type { Tx } from '../database/tx.ts';
import type { MessageClass } from './classes.ts';

/** What is about money is kept for as long as a person may have to look at it. */
const MONEY: readonly MessageClass[] = ['receipt', 'transfer'];

/** With the condition that gives outbox_kept to these statements alone. */
const KEPT = `chat_id = $2 AND chat_id <> 0 AND state IN ('unknown', 'dead')`;

export interface UnsaidMessage {
  at: Date;
  payload: { text?: unknown };
}

/** outbox_kept. To a chat, the latest 100. */
export async function unsaid(db: Pick<Tx, 'query'>, botId: number, chatId: number): Promise<UnsaidMessage[]> {
  const { rows } = await db.query<UnsaidMessage>({
    name: 'unsaid-messages',
    text: `
      SELECT created_at AS at, payload FROM evenkeel.outbox
      WHERE ${KEPT} AND bot_id IN ($1, 0)
      ORDER BY id DESC LIMIT 100`,
    values: [botId, chatId],
  });
  return rows.reverse();
}

/** outbox_kept. Empties those that are not about money; with that nobody has to decide about them any more. */
export async function emptyUnsaid(tx: Pick<Tx, 'query'>, botId: number, chatId: number): Promise<void> {
  await tx.query({
    name: 'empty-unsaid-messages',
    text: `
      UPDATE evenkeel.outbox SET payload = '{}', error = NULL, resolved_at = coalesce(resolved_at, now())
      WHERE ${KEPT} AND bot_id IN ($1, 0) AND class <> ALL ($3)`,
    values: [botId, chatId, MONEY],
  });
}
