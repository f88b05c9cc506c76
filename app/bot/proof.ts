/** Proof that Telegram answers again, before a send whose outcome is unknown is repeated. */
import type { ApiCallFn, Transformer } from 'grammy';

type Payload = Parameters<Transformer>[2];

/**
 * Asks Telegram something that changes nothing, in the chat of the send if it has one ("typing…" is what comes next
 * there). Any answer will do, a refusal too. While Telegram's breaker is open nothing leaves, and after `openFor` this
 * is its probe: nothing else may be there to close it.
 * @throws whatever means "no answer": the update is postponed, and its one repeat is not spent
 */
export async function askTelegram(
  prev: ApiCallFn,
  payload: Payload,
  signal: Parameters<Transformer>[3],
): Promise<void> {
  const { chat_id: chatId, message_thread_id: thread } = payload as {
    chat_id?: number | string;
    message_thread_id?: number;
  };
  if (chatId === undefined) await prev('getMe', {}, signal);
  else {
    const where = thread === undefined ? { chat_id: chatId } : { chat_id: chatId, message_thread_id: thread };
    await prev('sendChatAction', { ...where, action: 'typing' }, signal);
  }
}
