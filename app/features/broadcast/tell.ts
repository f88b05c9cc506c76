/** What its maker is told of a broadcast: one message that is changed as it goes, with buttons, and one when it is over. */
import type { Tx } from '../../database/tx.ts';
import { say } from '../../outbox/index.ts';
import { ask, languageOf, tapAction } from '../../people/index.ts';
import type { Language } from '../../texts/index.ts';
import { z } from 'zod';
import type { Broadcast } from './store.ts';
import { texts } from './texts.ts';

/** How long the buttons can be tapped, ms; /broadcast pause, resume and cancel do the same. */
const LASTS = 7 * 86_400_000;

export const CONTROLS = ['pause', 'resume', 'cancel'] as const;
export type Control = (typeof CONTROLS)[number];
export const control = tapAction('cast', z.strictObject({ id: z.int(), version: z.int() }), CONTROLS);

const offered = ({ state }: Broadcast): Control[] =>
  state === 'running' ? ['pause', 'cancel'] : state === 'paused' || state === 'stopped' ? ['resume', 'cancel'] : [];

/** How it stands, in one text. */
export function standing(language: Language, broadcast: Broadcast): string {
  const { state, phase, recipients, sent, unknown, blocked, gone, failed, leftOut, edited, unedited, why } = broadcast;
  const left = recipients - sent - unknown - blocked - gone - failed - leftOut;
  const lines =
    phase === 'edit'
      ? [texts.editing(language, { state, edited, all: sent, unedited })]
      : phase === 'prepare'
        ? [texts.preparing(language, { state, recipients })]
        : [texts.progress(language, { state, sent, recipients, left })];
  if (phase !== 'edit') {
    if (blocked + gone > 0) lines.push(texts['not-there'](language, { blocked, gone }));
    if (unknown > 0) lines.push(texts.unknown(language, { count: unknown }));
    if (failed > 0) lines.push(texts.failed(language, { count: failed }));
    if (leftOut > 0) lines.push(texts['left-out'](language, { count: leftOut }));
  }
  if (why === 'content') lines.push(texts['why-content'](language));
  if (why === 'restored') lines.push(texts['why-restored'](language));
  return lines.join('\n');
}

/** Its buttons are those of its state, and the same ones as long as it is in it: a button of before does nothing any more. */
async function buttonsOf(
  tx: Tx,
  broadcast: Broadcast,
  language: Language,
): Promise<{ text: string; callback_data: string }[]> {
  const names = offered(broadcast);
  if (names.length === 0) return [];
  const { id, version, botId, madeBy } = broadcast;
  const cause = `broadcast:${id}:${version}`;
  const data = await ask(tx, control, { botId, userId: madeBy, cause, input: { id, version }, lasts: LASTS });
  return names.map((name) => ({ text: texts[`button-${name}`](language), callback_data: data(name) }));
}

/**
 * Says how it stands: in the place of what was said of it before, or by itself where that would be missed.
 * @param mark tells this one from the others of the same version
 */
export async function tell(tx: Tx, broadcast: Broadcast, mark: string): Promise<void> {
  const { id, botId, madeBy, version, state, revision } = broadcast;
  const language = await languageOf(tx, botId, madeBy);
  const isOver = state === 'done' || state === 'cancelled';
  const payload = {
    text: standing(language, broadcast),
    reply_markup: { inline_keyboard: [await buttonsOf(tx, broadcast, language)] },
  };
  const about = { chat: madeBy, method: 'sendMessage', payload } as const;
  const cause = `broadcast:${id}:${version}:${mark}`;
  await say(tx, { ...about, cause, class: 'progress', replaces: `broadcast:${id}:${revision}` });
  if (isOver || state === 'stopped') await say(tx, { ...about, cause, ordinal: 1, class: 'notice' });
}
