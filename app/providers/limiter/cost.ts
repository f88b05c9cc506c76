/** What a call of the Bot API takes of Telegram's limits: only what posts or edits messages takes from them. */

export interface Cost {
  /** Messages that it posts or edits. */
  messages: number;
  /** The chat's id or @name; undefined where the call names none, as for messages that were sent inline. */
  chat: string | undefined;
  /** Groups and channels have a limit of their own, a minute. */
  group: boolean;
}

/** Never: typing actions, answers to taps and payments, whatever only reads, deletes or configures. */
const POSTS = /^(send(?!ChatAction$)|editMessage|copyMessage|forwardMessage|stopPoll$|stopMessageLiveLocation$)/;

type Payload = Readonly<Record<string, unknown>> | undefined;

/** The chat that a call names. */
export function chatOf(payload: unknown): string | undefined {
  const id = (payload as Payload)?.['chat_id'];
  return typeof id === 'number' || typeof id === 'string' ? String(id) : undefined;
}

/** Undefined where the method is not limited. */
export function costOf(method: string, payload: unknown): Cost | undefined {
  if (!POSTS.test(method)) return undefined;
  const many = (payload as Payload)?.[method === 'sendMediaGroup' ? 'media' : 'message_ids'];
  const chat = chatOf(payload);
  return {
    messages: Array.isArray(many) ? Math.max(1, many.length) : 1,
    chat,
    // Ids of groups and channels are negative; public ones may be named.
    group: chat !== undefined && /^[-@]/.test(chat),
  };
}
