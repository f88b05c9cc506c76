/** /flags: what people have switched off, and buttons that switch it. What a button says is what it does, once. */
import { Composer, InlineKeyboard } from 'grammy';
import { z } from 'zod';
import { SWITCHED } from '../../../posture/features/index.ts';
import { nearest } from '../../../posture/problem.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import type { BotContext } from '../../bot/context.ts';
import { forOwners, type Asked } from '../../bot/roles.ts';
import { onTap } from '../../bot/taps.ts';
import type { Pool } from '../../database/pool.ts';
import { flagNames, isInPosture, listFlags, setFlag } from '../../flags/index.ts';
import { ask, inAudit, tapAction } from '../../people/index.ts';
import type { Language } from '../../texts/index.ts';
import { texts } from './texts.ts';

/** How long the buttons can be tapped, ms. */
const LASTS = 15 * 60_000;
/** Off, these commands could not switch themselves on. */
const OWN = 'admin';

const features = Object.keys(SWITCHED).filter((name) => name !== OWN);
const choices = features.flatMap((name) => [`on-${name}`, `off-${name}`]);
const switches = tapAction('flag', z.strictObject({}), choices);

const COMMAND = /^(on|off)\s+([\w.]{1,40})\s+(\S[^]{2,400})$/i;

interface Needs {
  pool: Pool;
  posture: Posture;
}

/** What stands in the message, and which of the features are on. */
async function read({ pool, posture }: Needs, language: Language, mayChange: boolean) {
  const off = new Set((await listFlags(pool)).flatMap(({ name, isOn }) => (isOn ? [] : [name])));
  const others = flagNames(posture).filter((name) => name.includes('.') && off.has(name));
  const lines = Object.keys(SWITCHED).map((name) => {
    const state = !isInPosture(posture, name) ? 'flag-off-posture' : off.has(name) ? 'flag-off' : 'flag-on';
    return texts[state](language, { name });
  });
  const text = [
    texts.flags(language),
    ...lines,
    ...(others.length > 0 ? [texts['flag-others'](language, { names: others.join(', ') })] : []),
    '',
    texts[mayChange ? 'flags-foot' : 'flags-look'](language),
  ].join('\n');
  const offered = features.filter((name) => isInPosture(posture, name)).map((name) => ({ name, isOn: !off.has(name) }));
  return { text, offered };
}

/** A question of its own each time: what it says is as it is now. */
async function keyboard(ctx: BotContext, offered: readonly { name: string; isOn: boolean }[]): Promise<InlineKeyboard> {
  const cause = `flags:${ctx.update.update_id}`;
  const data = await ctx.turn.transaction((tx) =>
    ask(tx, switches, { botId: ctx.me.id, userId: ctx.from!.id, cause, input: {}, lasts: LASTS }),
  );
  return InlineKeyboard.from(
    offered.map(({ name, isOn }) => [
      InlineKeyboard.text(
        texts[isOn ? 'turn-off' : 'turn-on'](ctx.language, { name }),
        data(`${isOn ? 'off' : 'on'}-${name}`),
      ),
    ]),
  );
}

const sayTurned = (language: Language, name: string, isOn: boolean): string =>
  texts[isOn ? 'turned-on' : 'turned-off'](language, { name });

/** By words, with a reason: whatever has a flag. */
async function byWords({ posture }: Needs, ctx: BotContext, { role, user, words }: Asked): Promise<unknown> {
  const { language } = ctx;
  const [, wanted, name = '', reason] = COMMAND.exec(words) ?? [];
  if (wanted === undefined || reason === undefined) return ctx.reply(texts['flags-usage'](language));
  const isOn = wanted.toLowerCase() === 'on';
  const names = flagNames(posture);
  if (!names.includes(name))
    return ctx.reply(texts['flag-unknown'](language, { name, nearest: nearest(name, names) ?? names.join(', ') }));
  if (name === OWN && !isOn) return ctx.reply(texts['flag-own'](language));
  if (isOn && !isInPosture(posture, name)) return ctx.reply(texts['flag-in-vain'](language, { name }));
  const who = inAudit(role, user.id);
  await ctx.turn.transaction((tx) => setFlag(tx, { name, isOn, who, via: `bot ${ctx.me.id}`, reason }));
  return ctx.reply(sayTurned(language, name, isOn));
}

export const showFlags =
  (needs: Needs) =>
  async (ctx: BotContext, asked: Asked): Promise<unknown> => {
    const mayChange = asked.role === 'owner';
    if (mayChange && asked.words !== '') return byWords(needs, ctx, asked);
    const { text, offered } = await read(needs, ctx.language, mayChange);
    return ctx.reply(text, mayChange ? { reply_markup: await keyboard(ctx, offered) } : {});
  };

export function flagTaps(needs: Needs): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  onTap(forOwners(composer, needs.posture.people), switches, {
    effect: async (tx, { ctx, choice }) => {
      const [wanted, name] = choice.split('-') as ['on' | 'off', string];
      const isOn = wanted === 'on';
      const who = inAudit('owner', ctx.from!.id);
      await setFlag(tx, { name, isOn, who, via: `bot ${ctx.me.id}`, reason: 'by a button' });
      return { name, isOn };
    },
    then: async (ctx, { name, isOn }) => {
      const { text, offered } = await read(needs, ctx.language, true);
      const said = `${sayTurned(ctx.language, name, isOn)}\n\n${text}`;
      await ctx.editMessageText(said, { reply_markup: await keyboard(ctx, offered) });
    },
  });
  return composer;
}
