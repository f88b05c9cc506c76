/** Sends with markup, in Telegram's own; once as they are, where Telegram cannot read it. */
import { GrammyError } from 'grammy';
import { asTelegram, type Formatted } from '../markdown/index.ts';
import { isUnread } from '../providers/telegram-answer.ts';

/** What a method is given for a text, beside it. */
type Markup = { parse_mode?: 'HTML' };

/**
 * Sends or edits by `send`; where Telegram cannot read the markup, once more without it (counted as `unread` by its
 * client). A person reads an answer with its asterisks rather than none.
 */
export async function withMarkup<T>(
  formatted: Formatted,
  send: (text: string, markup: Markup) => Promise<T>,
): Promise<T> {
  const { text, ...markup } = asTelegram(formatted);
  try {
    return await send(text, markup);
  } catch (error) {
    if (!markup.parse_mode || !(error instanceof GrammyError && isUnread(error))) throw error;
    return send(formatted.text, {});
  }
}
