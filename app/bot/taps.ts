/** Answers to questions that are answered once, by a tap. */
import type { Composer } from 'grammy';
import { dataOf, useTap, type TapAction } from '../people/index.ts';
import type { Tx } from '../lanes/update.ts';
import { answerTap } from './answers.ts';
import type { BotContext } from './context.ts';
import { texts } from './texts.ts';

interface OnTap<Input, Choice, Result> {
  /** In the transaction that uses the question up: once, whatever is tapped twice, delivered twice or killed. */
  effect: (tx: Tx, tapped: { ctx: BotContext; input: Input; choice: Choice }) => Promise<Result>;
  /** After the commit. Run again after a kill, it is given what the effect came to. */
  then: (ctx: BotContext, result: Result) => Promise<unknown>;
}

/** A tap that comes too late, twice or from somebody else is answered in words. */
export function onTap<Input, Choice extends string, Result>(
  composer: Composer<BotContext>,
  action: TapAction<Input, Choice>,
  { effect, then }: OnTap<Input, Choice, Result>,
): void {
  composer.callbackQuery(dataOf(action), async (ctx) => {
    const [, token, choice] = ctx.match as unknown as [string, string, Choice];
    const tapped = { botId: ctx.me.id, userId: ctx.from.id, updateId: ctx.update.update_id, token, choice };
    const used = await ctx.turn.transaction((tx) =>
      useTap(tx, action, tapped, (input, chosen) => effect(tx, { ctx, input, choice: chosen })),
    );
    if ('refused' in used) return answerTap(ctx, texts[`tap-${used.refused}`](ctx.language));
    await answerTap(ctx);
    await then(ctx, used.result);
  });
}
