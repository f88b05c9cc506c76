/** /promo CODE: credits that are given away. */
import { Composer } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import { goOn } from '../../payments/intent.ts';
import { codeOf, redeem } from '../../payments/promo.ts';
import { say } from '../../outbox/index.ts';
import { sayBalance } from '../money/words.ts';
import { texts } from './texts.ts';

export const PROMO = 'promo';

export function promo(): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.chatType('private').command(PROMO, async (ctx) => {
    const { language } = ctx;
    const code = codeOf(ctx.match);
    if (code === undefined) return void (await ctx.reply(texts['promo-usage'](language)));
    const botId = ctx.me.id;
    const userId = ctx.from.id;
    // One commit with "done": run again, the update would be told that the code was used.
    await ctx.turn.transaction(async (tx) => {
      const answer = await redeem(tx, { botId, userId, code });
      if (answer.given) await goOn(tx, { botId, userId });
      const text = answer.given
        ? [texts['promo-given'](language, { credits: answer.credits }), sayBalance(language, answer.balance)].join('\n')
        : texts[`promo-${answer.why}`](language);
      ctx.turn.log.info(
        { userId, code: answer.given ? code : undefined, why: answer.given ? 'given' : answer.why },
        'promo code',
      );
      await say(tx, {
        cause: `promo:${botId}:${ctx.update.update_id}`,
        class: 'receipt',
        chat: userId,
        method: 'sendMessage',
        payload: { text },
      });
      await ctx.turn.done(tx);
    });
  });
  return composer;
}
