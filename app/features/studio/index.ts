/** The studio: pictures and videos for credits. Quoted, agreed to, rendered elsewhere in steps, paid when they are there. */
import { Composer, InlineKeyboard } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import { onTap } from '../../bot/taps.ts';
import type { Tx } from '../../lanes/update.ts';
import { begin } from '../../payments/intent.ts';
import { ask } from '../../people/index.ts';
import type { RenderKind } from '../../providers/novita.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { deliver } from './deliver.ts';
import { look } from './look.ts';
import { render } from './render.ts';
import { rendered } from './rendered.ts';
import { causeOf, changeRender, isOver, lockRender, orderRender } from './renders.ts';
import { cancel, cancelling, quoting, renders, tell } from './steps.ts';
import { sweep } from './sweep.ts';
import { texts } from './texts.ts';

/** Characters of a description. */
const LIMIT = 1_000;
/** How long what somebody had too few credits for can still be paid for, ms: as long as a cart, and a little longer. */
const WANTED = 40 * 60_000;

/** What came of an agreement. */
type Agreed = { made: number } | { missing: string } | { not: 'running' | 'busy' | 'left' };

function studioOf({ posture }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();

  async function quote(ctx: BotContext, kind: RenderKind, prompt: string) {
    const { language } = ctx;
    if (ctx.chat?.type !== 'private') return ctx.reply(texts.private(language));
    if (prompt === '') return ctx.reply(texts[`usage-${kind}`](language));
    if (prompt.length > LIMIT) return ctx.reply(texts['too-long'](language, { limit: LIMIT }));
    const price = BigInt(posture.studio[kind].price);
    const place = { botId: ctx.me.id, userId: ctx.from!.id, cause: `studio:${ctx.update.update_id}` };
    const data = await ctx.turn.transaction((tx) =>
      ask(tx, quoting, { ...place, input: { kind, prompt }, lasts: posture.studio.quoteLasts }),
    );
    return ctx.reply(texts[`quote-${kind}`](language, { price }), {
      reply_markup: new InlineKeyboard()
        .text(texts.make(language, { price }), data('make'))
        .text(texts.leave(language), data('leave')),
    });
  }
  composer.command('image', (ctx) => quote(ctx, 'image', ctx.match.trim()));
  composer.command('video', (ctx) => quote(ctx, 'video', ctx.match.trim()));

  onTap(composer, quoting, {
    effect: async (tx, { ctx, input, choice }): Promise<Agreed> =>
      choice === 'leave' ? { not: 'left' } : agree(tx, ctx, input.kind, input.prompt),
    then: async (ctx, agreed) => {
      const { language } = ctx;
      if ('made' in agreed) return ctx.editMessageText(texts.begun(language));
      if ('missing' in agreed) return ctx.editMessageText(texts.missing(language, { missing: BigInt(agreed.missing) }));
      return ctx.editMessageText(texts[agreed.not](language));
    },
  });

  /** In the commit that uses the question up: the render, its credits and the job that begins it are there together. */
  async function agree(tx: Tx, ctx: BotContext, kind: RenderKind, prompt: string): Promise<Agreed> {
    const [botId, userId] = [ctx.me.id, ctx.from!.id];
    const { atOnce, reserve: holds, [kind]: declared } = posture.studio;
    const price = BigInt(declared.price);
    const made = await orderRender(tx, { botId, userId, kind, prompt, price, deadline: declared.deadline, atOnce });
    if (typeof made === 'string') return { not: made };
    const { id } = made;
    const input = { render: id };
    const begun = await begin(tx, { botId, userId, cause: causeOf(id), cost: price, holds, queue: renders, input });
    if (!begun.begun) {
      await changeRender(tx, { id }, { state: 'wanted', deadline: WANTED });
      return { missing: String(begun.missing) };
    }
    await tell(tx, { botId, posture }, { id, userId, kind }, 'ordered', (language) =>
      texts.ordered(language, { price }),
    );
    return { made: id };
  }
  return composer;
}

/** Ends what is under way, whatever is switched off. */
function cancels({ posture }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  onTap(composer, cancelling, {
    effect: async (tx, { ctx, input }) => {
      const botId = ctx.me.id;
      const found = await lockRender(tx, botId, input.render);
      if (!found || isOver(found) || found.state === 'rendered' || found.state === 'delivering') return false;
      await cancel(tx, { botId, posture }, found);
      return true;
    },
    then: async (ctx, cancelled) => {
      if (!cancelled) await ctx.reply(texts['too-late'](ctx.language));
    },
  });
  return composer;
}

export const studio: Feature<'studio'> = {
  offers: [
    { command: { name: 'image', does: texts['does-image'], isPrivate: true } },
    { command: { name: 'video', does: texts['does-video'], isPrivate: true } },
  ],
  entrances: studioOf,
  exits: cancels,
  rendered,
  jobs: (needs) => ({ render: render(needs), look: look(needs), deliver: deliver(needs) }),
  schedules: (needs) => ({ renders: sweep(needs) }),
};
