/** /remind alone: what of is asked, and answered by the next message; when, by a button that can be tapped once. */
import { Composer, InlineKeyboard } from 'grammy';
import { z } from 'zod';
import type { BotContext } from '../../bot/context.ts';
import { enqueue } from '../../jobs/enqueue.ts';
import { wishOf } from '../../jobs/wishes.ts';
import type { Tx } from '../../lanes/update.ts';
import { ask, dialogKind, ENDED, openDialog, stepDialog, tapAction } from '../../people/index.ts';
import { beginning } from '../../text.ts';
import { reminders } from './job.ts';
import { texts } from './texts.ts';
import { LENGTHS, LIMIT, type Unit } from './units.ts';

/** How long an answer is waited for, ms. */
const LASTS = LENGTHS.d;

const dialog = dialogKind('remind', 1, z.strictObject({}));

const CHOICES = {
  '10m': { count: 10, unit: 'm' },
  '1h': { count: 1, unit: 'h' },
  '1d': { count: 1, unit: 'd' },
} as const satisfies Record<string, { count: number; unit: Unit }>;
type Choice = keyof typeof CHOICES;
const choices = Object.keys(CHOICES) as Choice[];

export const chosen = tapAction('remind', z.strictObject({ chat: z.int(), text: z.string() }), choices);

export async function askWhat(ctx: BotContext): Promise<void> {
  const place = { botId: ctx.me.id, chatId: ctx.chat!.id, userId: ctx.from!.id };
  await ctx.turn.transaction((tx) => openDialog(tx, dialog, place, { state: {}, lasts: LASTS }));
  await ctx.reply(texts.what(ctx.language), { reply_markup: { force_reply: true } });
}

/** A reply to what the bot has written; anything else passes at once. */
export function toldWhat(): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer
    .chatType('private')
    .on('message:text')
    .filter(
      (ctx) => ctx.message.reply_to_message?.from?.id === ctx.me.id,
      async (ctx, next) => {
        const { update_id: updateId } = ctx.update;
        const place = { botId: ctx.me.id, chatId: ctx.chat.id, userId: ctx.from.id };
        const text = beginning(ctx.message.text, LIMIT);
        const data = await ctx.turn.transaction(async (tx) => {
          const step = await stepDialog(tx, dialog, { ...place, updateId }, () => Promise.resolve(ENDED));
          if (!step) return undefined;
          const input = { chat: place.chatId, text };
          return ask(tx, chosen, { ...place, cause: `remind:${updateId}`, input, lasts: LASTS });
        });
        if (!data) return next();
        const keyboard = InlineKeyboard.from(
          choices.map((choice) => [InlineKeyboard.text(texts[`after-${choice}`](ctx.language), data(choice))]),
        );
        await ctx.reply(texts.when(ctx.language, { text }), { reply_markup: keyboard });
      },
    );
  return composer;
}

export async function remindAfter(
  tx: Tx,
  { ctx, input, choice }: { ctx: BotContext; input: { chat: number; text: string }; choice: Choice },
): Promise<Choice> {
  const { count, unit } = CHOICES[choice];
  const whose = wishOf(ctx.me.id, input.chat);
  await enqueue(tx, reminders, { ...input, language: ctx.language }, { after: count * LENGTHS[unit], whose });
  return choice;
}

export const noted = (ctx: BotContext, wanted: Choice) =>
  ctx.reply(texts[`noted-${CHOICES[wanted].unit}`](ctx.language, CHOICES[wanted]));
