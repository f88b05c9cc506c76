/**
 * Chat: the user's text, or what stands under a picture, is answered by the AI provider, with as much of the conversation
 * as the posture allows. An edit is not answered: the answer to what was written first is there, and a second one to
 * nearly the same question would be a surprise.
 */
import { Composer } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import { RetryLater } from '../../outcome.ts';
import { describeError } from '../../log.ts';
import { OpenRouterRefusal } from '../../providers/openrouter.ts';
import { ProviderFailure } from '../../providers/policy.ts';
import { beginning, split } from '../../text.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { answerOf, conversationOf, recall, remember, type Conversation } from './conversation.ts';
import { forget, forgetOffer } from './forget.ts';
import { SYSTEM, texts } from './texts.ts';

function answer({ pool, posture, openrouter }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();

  composer.chatType('private').on(['message:text', 'message:caption'], async (ctx) => {
    const question = ctx.message.text ?? ctx.message.caption ?? '';
    const at = { ...conversationOf(ctx)!, updateId: ctx.update.update_id };
    // Run again after a crash, an update finds the answer that it had: the provider is not asked, nor paid, twice.
    const answer = (await answerOf(pool, at.botId, at.updateId)) ?? (await think(ctx, at, question));
    for (const part of split(answer)) await ctx.reply(part);
  });

  /** No connection is held while the provider thinks: each query takes one and gives it back. */
  async function think(ctx: BotContext, at: Conversation & { updateId: number }, question: string) {
    await remember(pool, { ...at, role: 'user', text: question });
    const history = await recall(pool, at, posture.history);
    // The latest question is part of the history unless it alone exceeds the bound.
    const asked =
      history.length > 0
        ? history
        : [{ role: 'user' as const, content: beginning(question, posture.history.characters) }];
    const [answer] = await Promise.allSettled([
      openrouter.complete([{ role: 'system', content: SYSTEM }, ...asked], ctx.turn.signal),
      ctx.replyWithChatAction('typing'),
    ]);
    if (answer.status === 'fulfilled') return remember(pool, { ...at, role: 'assistant', text: answer.value.text });
    return politely(ctx, answer.reason);
  }

  /** The provider is away or declines: say so instead of nothing (fault no-breaker). The answer is not remembered. */
  function politely(ctx: BotContext, reason: unknown): string {
    ctx.turn.hold();
    const away = reason instanceof RetryLater || reason instanceof ProviderFailure;
    if (!away && !(reason instanceof OpenRouterRefusal)) throw reason;
    ctx.turn.log.warn(
      { updateId: ctx.update.update_id, reason: describeError(reason) },
      'the AI provider did not answer',
    );
    return (away ? texts.away : texts.refused)(ctx.language);
  }

  return composer;
}

export const chat: Feature<'chat'> = {
  offers: [forgetOffer],
  reads: answer,
  readsAll: true,
  exits: ({ pool }) => forget(pool),
};
