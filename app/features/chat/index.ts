/**
 * Chat: the user's text, or what stands under a picture, is answered by the AI provider, with as much of the conversation
 * as the posture allows. An edit is not answered: the answer to what was written first is there, and a second one to
 * nearly the same question would be a surprise.
 */
import { Composer, GrammyError } from 'grammy';
import type { Message } from 'grammy/types';
import { TELEGRAM } from '../../../posture/outside.ts';
import type { BotContext } from '../../bot/context.ts';
import { RetryLater } from '../../outcome.ts';
import { describeError } from '../../log.ts';
import { OpenRouterRefusal } from '../../providers/openrouter.ts';
import { ProviderFailure } from '../../providers/policy.ts';
import { beginning, isBlank, split } from '../../text.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { answerOf, conversationOf, recall, remember, type Conversation } from './conversation.ts';
import { forget, forgetOffer } from './forget.ts';
import { createFrames, WRITING } from './frames.ts';
import { SYSTEM, texts } from './texts.ts';

/** A question, and where it was asked. */
type Asked = Conversation & { updateId: number; question: string };

function answer({ pool, posture, openrouter }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const framesOf = createFrames(posture.chat);

  composer.chatType('private').on(['message:text', 'message:caption'], async (ctx) => {
    const question = ctx.message.text ?? ctx.message.caption ?? '';
    if (question.length > TELEGRAM.longestText)
      return void (await ctx.reply(texts['too-long'](ctx.language, { limit: TELEGRAM.longestText })));
    const asked = { ...conversationOf(ctx)!, updateId: ctx.update.update_id, question };
    // Run again after a crash, an update finds the answer that it had: the provider is not asked, nor paid, twice.
    const known = await answerOf(pool, asked.botId, asked.updateId);
    await (known === undefined ? think(ctx, asked) : deliver(ctx, known));
  });

  /** No connection is held while the provider thinks: each query takes one and gives it back. */
  async function think(ctx: BotContext, { question, ...at }: Asked): Promise<void> {
    await remember(pool, { ...at, role: 'user', text: question });
    const history = await recall(pool, at, posture.history);
    // The latest question is part of the history unless it alone exceeds the bound.
    const asked =
      history.length > 0
        ? history
        : [{ role: 'user' as const, content: beginning(question, posture.history.characters) }];
    const frames = framesOf(ctx);
    let heard = '';
    const hear = (text: string) => frames.show((heard = text));
    const [answered] = await Promise.allSettled([
      openrouter.complete([{ role: 'system', content: SYSTEM }, ...asked], ctx.turn.signal, hear),
      ctx.replyWithChatAction('typing'),
    ]);
    const { text, isAnswer } =
      answered.status === 'fulfilled'
        ? { text: answered.value.text, isAnswer: true }
        : instead(ctx, answered.reason, heard.trim());
    const said = isAnswer ? await remember(pool, { ...at, role: 'assistant', text }) : text;
    await deliver(ctx, said, await frames.end());
  }

  /**
   * The provider is away or declines: say so instead of nothing (fault no-breaker), and do not remember it. What had come of
   * an answer that broke off is the answer; of one that was declined in its midst nothing is left.
   */
  function instead(ctx: BotContext, reason: unknown, heard: string): { text: string; isAnswer: boolean } {
    ctx.turn.hold();
    const away = reason instanceof RetryLater || reason instanceof ProviderFailure;
    if (!away && !(reason instanceof OpenRouterRefusal)) throw reason;
    ctx.turn.log.warn(
      { updateId: ctx.update.update_id, reason: describeError(reason), heard: heard.length },
      'the AI provider did not answer',
    );
    if (away && !isBlank(heard)) return { text: `${heard}\n\n${texts['broke-off'](ctx.language)}`, isAnswer: true };
    return { text: (away ? texts.away : texts.refused)(ctx.language), isAnswer: false };
  }

  /** @param standing the message that shows the beginning of it; a run that was cut off may have left one, too */
  async function deliver(ctx: BotContext, text: string, standing?: Message.TextMessage): Promise<void> {
    const [first, ...rest] = split(text) as [string, ...string[]];
    const message = standing ?? (await ctx.reply(first));
    if (message.text !== first && message.text.endsWith(WRITING)) {
      await ctx.api.editMessageText(message.chat.id, message.message_id, first).catch(async (error: unknown) => {
        // Its person has deleted it, or it cannot be changed any more.
        if (!(error instanceof GrammyError) || error.error_code !== 400) throw error;
        await ctx.reply(first);
      });
    }
    for (const part of rest) await ctx.reply(part);
  }

  return composer;
}

export const chat: Feature<'chat'> = {
  offers: [forgetOffer],
  reads: answer,
  readsAll: true,
  exits: ({ pool }) => forget(pool),
};
