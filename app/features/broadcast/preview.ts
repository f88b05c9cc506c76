/** What is shown to who writes a broadcast, before anybody else sees it. */
import { GrammyError } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import type { Category } from './audience.ts';
import { callOf, unreadable, type Content } from './content.ts';
import { texts } from './texts.ts';

/** As people will see it. False where Telegram cannot read it: then it was said what is wrong. */
export async function preview(ctx: BotContext, content: Content, category: Category): Promise<boolean> {
  const { method, payload } = callOf(content, { category, language: ctx.language });
  const raw = ctx.api.raw as unknown as Record<string, (payload: object) => Promise<unknown>>;
  try {
    await raw[method]!({ chat_id: ctx.chat!.id, ...payload });
    return true;
  } catch (error) {
    if (!(error instanceof GrammyError) || error.error_code !== 400) throw error;
    const near = unreadable(content.text, error.description);
    const text =
      /parse entities/i.test(error.description) && near !== ''
        ? texts['bad-html'](ctx.language, { near })
        : texts['bad-content'](ctx.language);
    await ctx.reply(text, { reply_markup: { force_reply: true } });
    return false;
  }
}
