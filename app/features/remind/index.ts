/** /remind: says something again when it is time. A job that is made with its cause, and a message with the job. */
import { Composer } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import { onTap } from '../../bot/taps.ts';
import { enqueue } from '../../jobs/enqueue.ts';
import { wishOf } from '../../jobs/wishes.ts';
import { beginning } from '../../text.ts';
import type { Feature } from '../feature.ts';
import { askWhat, chosen, noted, remindAfter, toldWhat } from './dialog.ts';
import { remind as handler, reminders } from './job.ts';
import { LENGTHS, LIMIT, type Unit } from './units.ts';
import { texts } from './texts.ts';

const REMIND = 'remind';

const LONGEST = 30 * LENGTHS.d;

/** `10m take the tea out`: after how long, ms; that in the units it was said in; and what of. Undefined where it is not that. */
export function parse(text: string): { after: number; count: number; unit: Unit; of: string } | undefined {
  const match = /^(\d{1,6})\s*([mhd])\s+(\S[\s\S]*)$/i.exec(text.trim());
  if (!match) return undefined;
  const [, digits, letter, of] = match as unknown as [string, string, string, string];
  const unit = letter.toLowerCase() as Unit;
  const count = Number(digits);
  const after = count * LENGTHS[unit];
  if (count === 0 || after > LONGEST) return undefined;
  return { after, count, unit, of: beginning(of, LIMIT) };
}

function remindMe(): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer
    .chatType('private')
    .command(REMIND)
    .filter(({ match }) => match === '', askWhat);
  onTap(composer, chosen, { effect: remindAfter, then: noted });
  composer.command(REMIND, async (ctx) => {
    const wanted = parse(ctx.match);
    if (!wanted) return ctx.reply(texts.usage(ctx.language));
    const key = `${ctx.me.id}:${ctx.update.update_id}`;
    const whose = wishOf(ctx.me.id, ctx.chat.id);
    const input = { chat: ctx.chat.id, text: wanted.of, language: ctx.language };
    // Run again after a crash, the update finds the job that it made.
    await ctx.turn.transaction((tx) => enqueue(tx, reminders, input, { key, after: wanted.after, whose }));
    return ctx.reply(texts[`noted-${wanted.unit}`](ctx.language, wanted));
  });
  return composer;
}

export const remind: Feature<'remind'> = {
  offers: [{ command: { name: REMIND, does: texts.does } }],
  entrances: remindMe,
  reads: toldWhat,
  jobs: (needs) => ({ remind: handler(needs) }),
};
