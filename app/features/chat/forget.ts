/** /forget and its button. There also while the chat is switched off: what it has kept can be forgotten at any time. */
import { Composer } from 'grammy';
import { answerTap } from '../../bot/answers.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Pool } from '../../database/pool.ts';
import { laneOfChat } from '../../intake/update.ts';
import { callOff, wishOf } from '../../jobs/wishes.ts';
import { emptyKept } from '../../lanes/kept.ts';
import { emptyUnsaid } from '../../outbox/kept.ts';
import { dropIntent } from '../../payments/intent.ts';
import { forgetAsked } from '../../people/index.ts';
import { forgetDownloads } from '../mydata/downloads.ts';
import { forgetReceived } from '../mydata/received.ts';
import { forgetRenders } from '../mydata/renders.ts';
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

/**
 * What they were asked, what they wanted and had too few credits for; in private also what they wanted later, and what is
 * kept because it could not be handled or said.
 * @returns how much of what they wanted later was called off
 */
async function forgetWishes(ctx: BotContext, pool: Pool, { chatId, userId }: Record<'chatId' | 'userId', number>) {
  const botId = ctx.me.id;
  await forgetAsked(pool, { botId, chatId, userId });
  await dropIntent(pool, botId, userId);
  await forgetRenders(pool, botId, userId);
  await forgetDownloads(pool, botId, userId);
  if (ctx.chat?.type !== 'private') return 0;
  await emptyKept(pool, laneOfChat(botId, chatId));
  await emptyUnsaid(pool, botId, chatId);
  await forgetReceived(pool, botId, userId);
  return callOff(pool, wishOf(botId, chatId));
}

export function forget(pool: Pool): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.command(FORGET, async (ctx) => {
    await forgetConversation(pool, conversationOf(ctx)!);
    const later = ctx.from ? await forgetWishes(ctx, pool, { chatId: ctx.chat.id, userId: ctx.from.id }) : 0;
    await ctx.reply(texts['forget-done'](ctx.language, { later }));
  });
  composer.callbackQuery(FORGET, async (ctx) => {
    const here = conversationOf(ctx);
    if (here) await forgetConversation(pool, here);
    const later = here ? await forgetWishes(ctx, pool, { chatId: here.chatId, userId: ctx.from.id }) : 0;
    await answerTap(ctx, texts['forget-done'](ctx.language, { later }));
  });
  return composer;
}
