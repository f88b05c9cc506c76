/** /forget and its button. There also while the chat is switched off: what it has kept can be forgotten at any time. */
import { Composer } from 'grammy';
import { answerTap } from '../../bot/answers.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Pool } from '../../database/pool.ts';
import { dropIntent } from '../../payments/intent.ts';
import { forgetAsked } from '../../people/index.ts';
import type { Offer } from '../offer.ts';
import { conversationOf, forgetConversation } from './conversation.ts';
import { texts } from './texts.ts';

const FORGET = 'forget';

/** How people find it. */
export const forgetOffer: Offer = {
  command: { name: FORGET, does: texts['forget-does'] },
  button: { text: texts['forget-button'], data: FORGET },
  shown: 'always',
};

/** What they were asked, and what they wanted and had too few credits for. */
async function forgetWishes(pool: Pool, who: Parameters<typeof forgetAsked>[1]): Promise<void> {
  await forgetAsked(pool, who);
  await dropIntent(pool, who.botId, who.userId);
}

export function forget(pool: Pool): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.command(FORGET, async (ctx) => {
    await forgetConversation(pool, conversationOf(ctx)!);
    if (ctx.from) await forgetWishes(pool, { botId: ctx.me.id, chatId: ctx.chat.id, userId: ctx.from.id });
    await ctx.reply(texts['forget-done'](ctx.language));
  });
  composer.callbackQuery(FORGET, async (ctx) => {
    const here = conversationOf(ctx);
    if (here) await forgetConversation(pool, here);
    if (here) await forgetWishes(pool, { ...here, userId: ctx.from.id });
    await answerTap(ctx, texts['forget-done'](ctx.language));
  });
  return composer;
}
