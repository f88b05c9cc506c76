/**
 * Which of Telegram's methods may be called twice for once. What reads, what shows that the bot is typing or writing, what makes a
 * link that nobody has seen yet, and what answers a query that is gone after its answer may. Whatever else is called changes something that a person sees:
 * a message that is sent twice is there twice. `answerWebAppQuery` and `answerGuestQuery` post a message.
 */
const REPEATABLE =
  /^(get\w+|sendChatAction|sendMessageDraft|setMyCommands|deleteMyCommands|createInvoiceLink|editUserStarSubscription|setMessageReaction|answer(Callback|PreCheckout|Shipping|Inline|ChatJoinRequest)Query)$/;

export const isRepeatable = (method: string): boolean => REPEATABLE.test(method);
