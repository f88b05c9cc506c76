/**
 * Chat: the user's text, or what stands under a picture, is answered by the AI provider, with as much of the conversation
 * as the posture allows. An edit is not answered: the answer to what was written first is there, and a second one to
 * nearly the same question would be a surprise.
 */
import { Composer, GrammyError } from 'grammy';
import type { Message } from 'grammy/types';
import { TELEGRAM } from '../../../posture/outside.ts';
import type { BotContext } from '../../bot/context.ts';
import { withMarkup } from '../../bot/formatted.ts';
import { RetryLater } from '../../outcome.ts';
import { describeError } from '../../log.ts';
import { OpenRouterRefusal, type Completion } from '../../providers/openrouter.ts';
import { ProviderFailure } from '../../providers/policy.ts';
import { mayNotWrite } from '../../providers/telegram-answer.ts';
import { closed, fromMarkdown, join, plain, splitFormatted, type Formatted } from '../../markdown/index.ts';
import { beginning, isBlank } from '../../text.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { rememberBilled } from './bills.ts';
import { answerOf, conversationOf, recall, remember, unask, type Conversation } from './conversation.ts';
import { forget, forgetOffer } from './forget.ts';
import { createFrames, WRITING } from './frames.ts';
import { createPay, type Broke, type Ticket } from './pay.ts';
import { SYSTEM, texts } from './texts.ts';

/** A question, and where it was asked. */
type Asked = Conversation & { updateId: number; question: string };

/** What is said to it. */
interface Said {
  text: string;
  /** Undefined: it is no answer, and nobody pays for it. */
  answer: Pick<Completion, 'text' | 'usage'> | undefined;
}

function answer(needs: FeatureNeeds): Composer<BotContext> {
  const { pool, posture, openrouter } = needs;
  const composer = new Composer<BotContext>();
  const framesOf = createFrames(posture.chat);
  const pay = createPay(needs);

  composer.chatType('private').on(['message:text', 'message:caption'], async (ctx) => {
    const question = ctx.message.text ?? ctx.message.caption ?? '';
    if (question.length > TELEGRAM.longestText)
      return void (await ctx.reply(texts['too-long'](ctx.language, { limit: TELEGRAM.longestText })));
    const asked = { ...conversationOf(ctx)!, updateId: ctx.update.update_id, question };
    // Run again after a crash, an update finds the answer that it had: the provider is not asked, nor paid, twice.
    const known = await answerOf(pool, asked.botId, asked.updateId);
    if (known === undefined) return think(ctx, asked);
    const payer = pay.of(ctx);
    await deliver(ctx, known, payer && (await pay.found(payer)));
  });

  /** No connection is held while the provider thinks: each query takes one and gives it back. */
  async function think(ctx: BotContext, { question, ...at }: Asked): Promise<void> {
    await remember(pool, { ...at, role: 'user', text: question });
    const history = await recall(pool, at, posture.history);
    // The latest question is part of the history unless it alone exceeds the bound.
    const lines =
      history.length > 0
        ? history
        : [{ role: 'user' as const, content: beginning(question, posture.history.characters) }];
    const asked = [{ role: 'system' as const, content: SYSTEM }, ...lines];
    const payer = pay.of(ctx);
    const ticket = payer && (await pay.open(ctx, payer, asked));
    if (ticket && 'most' in ticket) {
      // Nobody pays later for what stands unanswered in between.
      await unask(pool, at.botId, at.updateId);
      return void (await ctx.reply(sayBroke(ctx, ticket)));
    }
    const frames = framesOf(ctx);
    let heard = '';
    const hear = (text: string) => frames.show((heard = text));
    const [answered] = await Promise.allSettled([
      openrouter.complete(asked, ctx.turn.signal, hear),
      ctx.replyWithChatAction('typing'),
    ]);
    const said: Said =
      answered.status === 'fulfilled'
        ? { text: answered.value.text, answer: answered.value }
        : instead(ctx, answered.reason, heard.trim());
    if (!said.answer) {
      const charged = ticket && !ticket.bill.free;
      const text = charged ? `${said.text} ${texts['not-charged'](ctx.language)}` : said.text;
      await show(ctx, plain(text), await frames.end());
      return ticket && pay.giveBack(ctx, ticket);
    }
    const { text, bill } = ticket
      ? await rememberBilled(pool, { ...at, ...ticket }, { text: said.text, ...pay.costOf(said.answer) })
      : { text: await remember(pool, { ...at, role: 'assistant', text: said.text }), bill: undefined };
    await deliver(ctx, text, ticket && { ...ticket, bill: bill ?? ticket.bill }, await frames.end());
  }

  /**
   * The provider is away or declines: say so instead of nothing (fault no-breaker), and do not remember it. What had come of
   * an answer that broke off is the answer; of one that was declined in its midst nothing is left.
   */
  function instead(ctx: BotContext, reason: unknown, heard: string): Said {
    ctx.turn.hold();
    const away = reason instanceof RetryLater || reason instanceof ProviderFailure;
    if (!away && !(reason instanceof OpenRouterRefusal)) throw reason;
    ctx.turn.log.warn(
      { updateId: ctx.update.update_id, reason: describeError(reason), heard: heard.length },
      'the AI provider did not answer',
    );
    if (away && !isBlank(heard)) {
      const text = `${closed(heard)}\n\n${texts['broke-off'](ctx.language)}`;
      return { text, answer: { text: heard, usage: undefined } };
    }
    return { text: (away ? texts.away : texts.refused)(ctx.language), answer: undefined };
  }

  /** An answer, with what it costs; charged once it is there, and not where nobody is there to get it. */
  async function deliver(
    ctx: BotContext,
    text: string,
    ticket: Ticket | undefined,
    standing?: Message.TextMessage,
  ): Promise<void> {
    const receipt = ticket && sayReceipt(ctx, ticket);
    try {
      await show(ctx, join(fromMarkdown(text), plain(receipt ?? '')), standing);
    } catch (error) {
      if (ticket && error instanceof GrammyError && mayNotWrite(error)) await pay.giveBack(ctx, ticket);
      throw error;
    }
    if (ticket) await pay.take(ctx, ticket);
  }

  /** @param standing the message that shows the beginning of it; a run that was cut off may have left one, too */
  async function show(ctx: BotContext, whole: Formatted, standing?: Message.TextMessage): Promise<void> {
    const [first, ...rest] = splitFormatted(whole, TELEGRAM.longestText) as [Formatted, ...Formatted[]];
    const reply = (part: Formatted) => withMarkup(part, (text, markup) => ctx.reply(text, markup));
    const message = standing ?? (await reply(first));
    if (message.text !== first.text && message.text.endsWith(WRITING)) {
      await withMarkup(first, (text, markup) =>
        ctx.api.editMessageText(message.chat.id, message.message_id, text, markup),
      ).catch(async (error: unknown) => {
        // Its person has deleted it, or it cannot be changed any more.
        if (!(error instanceof GrammyError) || error.error_code !== 400) throw error;
        await reply(first);
      });
    }
    for (const part of rest) await reply(part);
  }

  const sayBroke = ({ language }: BotContext, { most, available, hours }: Broke): string =>
    posture.chat.free > 0
      ? texts.broke(language, { most, available, hours })
      : texts['broke-always'](language, { most, available });

  function sayReceipt({ language }: BotContext, { bill, left }: Ticket): string | undefined {
    const { free, price, counted } = bill;
    if (free) return left === 0 ? texts['last-free'](language) : undefined;
    return price ? texts[counted ? 'paid' : 'paid-estimated'](language, { price }) : undefined;
  }

  return composer;
}

export const chat: Feature<'chat'> = {
  offers: [forgetOffer],
  reads: answer,
  readsAll: true,
  exits: ({ pool }) => forget(pool),
};
