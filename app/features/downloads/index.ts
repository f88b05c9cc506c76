/** Downloads: a link is answered with the question for its quality, fetched by a job, and sent into the chat. */
import { Composer, InlineKeyboard } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import { onTap } from '../../bot/taps.ts';
import type { Tx } from '../../database/tx.ts';
import { enqueue } from '../../jobs/enqueue.ts';
import { ask } from '../../people/index.ts';
import { kindOf, linkOf, nameOf } from '../../providers/fetching/link.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { causeOf, isOver, lockDownload, orderDownload, type NotTaken, type Quality } from './downloads.ts';
import { download } from './job.ts';
import { revokeLink } from './links.ts';
import { asking, cancel, cancelling, downloads as queue, revoking, tell } from './steps.ts';
import { sweep } from './sweep.ts';
import { texts } from './texts.ts';
import { warn } from './warn.ts';

/** What came of an answer. */
type Answered = { made: number } | { not: NotTaken | 'left' };

/** An address that names a file: there is nothing to choose. */
const isFile = (link: URL): boolean =>
  kindOf(nameOf(link)) !== 'file' || /\.(?!html?$|php$|aspx?$)[a-z0-9]{2,5}$/i.test(link.pathname);

async function question(ctx: BotContext, { posture }: FeatureNeeds, link: URL) {
  const { language } = ctx;
  const { formats, asked: lasts } = posture.downloads;
  const place = { botId: ctx.me.id, userId: ctx.from!.id, cause: `download:${ctx.update.update_id}` };
  const data = await ctx.turn.transaction((tx) => ask(tx, asking, { ...place, input: { link: link.href }, lasts }));
  const keyboard = new InlineKeyboard();
  if (isFile(link)) keyboard.text(texts.fetch(language), data('best'));
  else for (const format of formats) keyboard.text(texts[`as-${format}`](language), data(format)).row();
  keyboard.text(texts.leave(language), data('leave'));
  const text = isFile(link) ? texts['ask-file'] : texts['ask-quality'];
  return ctx.reply(text(language, { host: link.hostname }), { reply_markup: keyboard });
}

/** In the commit that uses the question up: the download and the job that fetches it are there together. */
async function answer(
  tx: Tx,
  ctx: BotContext,
  { posture }: FeatureNeeds,
  link: string,
  quality: Quality,
): Promise<Answered> {
  const [botId, userId] = [ctx.me.id, ctx.from!.id];
  const { perDay, open, endsWithin: deadline } = posture.downloads;
  const made = await orderDownload(tx, { botId, userId, link, quality, perDay, open, deadline });
  if (typeof made === 'string') return { not: made };
  const { id } = made;
  await enqueue(tx, queue, { download: id }, { key: `${botId}:${causeOf(id)}` });
  await tell(tx, { botId, posture }, { id, userId }, 'ordered', texts.ordered);
  return { made: id };
}

function entrances(needs: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.command('download', async (ctx) => {
    const { language } = ctx;
    if (ctx.chat.type !== 'private') return ctx.reply(texts.private(language));
    const words = ctx.match.trim();
    const link = linkOf(words);
    if (!link) return ctx.reply(words === '' ? texts.usage(language) : texts['no-link'](language));
    return question(ctx, needs, link);
  });
  onTap(composer, asking, {
    effect: async (tx, { ctx, input, choice }): Promise<Answered> =>
      choice === 'leave' ? { not: 'left' } : answer(tx, ctx, needs, input.link, choice),
    then: async (ctx, answered) => {
      const { language } = ctx;
      if ('made' in answered) return ctx.editMessageText(texts.agreed(language));
      const { perDay: limit } = needs.posture.downloads;
      return ctx.editMessageText(
        answered.not === 'quota' ? texts.quota(language, { limit }) : texts[answered.not](language),
      );
    },
  });
  return composer;
}

/** A message that is a link and nothing else. */
function reads(needs: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.chatType('private').on('message:text', async (ctx, next) => {
    const text = ctx.message.text.trim();
    const link = /\s/.test(text) ? undefined : linkOf(text);
    return link ? question(ctx, needs, link) : next();
  });
  return composer;
}

/** Ends what is under way, whatever is switched off. */
function exits({ posture }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  onTap(composer, cancelling, {
    effect: async (tx, { ctx, input }) => {
      const botId = ctx.me.id;
      const found = await lockDownload(tx, botId, input.download);
      if (!found || isOver(found) || found.state === 'sending') return false;
      await cancel(tx, { botId, posture }, found);
      return true;
    },
    then: async (ctx, cancelled) => {
      if (!cancelled) await ctx.reply(texts['too-late'](ctx.language));
    },
  });
  onTap(composer, revoking, {
    effect: (tx, { ctx, input }) => revokeLink(tx, ctx.me.id, ctx.from!.id, input.link),
    then: (ctx, revoked) => ctx.editMessageText((revoked ? texts.revoked : texts['link-over'])(ctx.language)),
  });
  return composer;
}

export const downloads: Feature<'downloads'> = {
  offers: [{ command: { name: 'download', does: texts.does, isPrivate: true } }],
  entrances,
  reads,
  exits,
  jobs: (needs) => ({ download: download(needs) }),
  schedules: (needs) => ({ downloads: sweep(needs), linkWarnings: warn(needs) }),
};
