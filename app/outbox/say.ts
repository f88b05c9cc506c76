/** Saying something because of what a transaction has done: exactly if it is committed, and once for each cause. */
import { InputFile, type RawApi } from 'grammy';
import { tellAfterCommit } from '../database/transaction.ts';
import type { Tx } from '../database/tx.ts';
import { CLASSES, type MessageClass } from './classes.ts';

/** Methods of the Bot API that say or move something in a chat. */
type Method = Extract<
  keyof RawApi,
  | `send${string}`
  | `edit${string}`
  | `copy${string}`
  | `forward${string}`
  | `delete${string}`
  | `pin${string}`
  | `unpin${string}`
  | 'refundStarPayment'
>;

export interface Message<M extends Method = Method> {
  /** What it follows from, such as `payment:42`: with `ordinal` it makes the message once. */
  cause: string;
  /** Which of the cause's messages it is; 0 where there is one. */
  ordinal?: number;
  class: MessageClass;
  /** The chat; a user's id is the id of the chat with them. */
  chat: number;
  method: M;
  /** Without `chat_id`. Files by their id or address; none that would have to be uploaded. */
  payload: Omit<Parameters<RawApi[M]>[0], 'chat_id'>;
  /**
   * Messages of a chat with the same name stand in each other's place: what waits of class progress goes unsaid, and a
   * `sendMessage` becomes an edit of the one that was sent.
   */
  replaces?: string;
}

/** outbox_replaces, and the unique index on the cause. */
const SAY = {
  name: 'say',
  text: `
    WITH replaced AS (
      DELETE FROM evenkeel.outbox WHERE id = ANY (ARRAY(
        SELECT id FROM evenkeel.outbox
        WHERE chat_id = $3 AND replaces = $8 AND class = 'progress' AND state = 'waiting' AND (cause, ordinal) <> ($1, $2::int)
        FOR UPDATE SKIP LOCKED
      ))
    )
    INSERT INTO evenkeel.outbox (cause, ordinal, chat_id, class, rank, method, payload, replaces)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (cause, ordinal) DO NOTHING`,
};

/**
 * Says something to a chat, after the commit. Messages of a chat are sent one at a time and in the order in which they
 * were written; marketing has an order of its own, and holds nothing up.
 * @returns false where the same was said before: nothing is written
 */
export async function say<M extends Method>(tx: Tx, message: Message<M>): Promise<boolean> {
  const { cause, ordinal = 0, chat, method, payload, replaces = null } = message;
  const { rank } = CLASSES[message.class];
  const json = JSON.stringify(payload, (key, value: unknown) => {
    if (value instanceof InputFile)
      throw new TypeError(`${method}: ${key} would have to be uploaded; name a file by its id or its address`);
    return value;
  });
  const { rowCount } = await tx.query({
    ...SAY,
    values: [cause, ordinal, chat, message.class, rank, method, json, replaces],
  });
  if (rowCount === 0) return false;
  tellAfterCommit('outbox');
  return true;
}
