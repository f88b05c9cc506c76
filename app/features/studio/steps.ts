/** What every step of a render ends in: what is said, in the place of what was said before, and what becomes of the credits. */
import { InlineKeyboard } from 'grammy';
import { z } from 'zod';
import type { Posture } from '../../../posture/schema/index.ts';
import { enqueue } from '../../jobs/enqueue.ts';
import { jobQueue } from '../../jobs/queue.ts';
import type { Tx } from '../../lanes/update.ts';
import { release, ReserveEnded } from '../../ledger/index.ts';
import { say, sayProgress } from '../../outbox/index.ts';
import { ask, languageOf, tapAction } from '../../people/index.ts';
import type { Language } from '../../texts/index.ts';
import { causeOf, changeRender, type Render } from './renders.ts';
import { texts } from './texts.ts';

export const renders = jobQueue('render', z.strictObject({ render: z.int() }));
/** `look`: which of the render's it is; null: out of turn, as its provider says that something has changed. */
export const looks = jobQueue(
  'look',
  z.strictObject({ render: z.int(), tries: z.int(), look: z.int().nullable(), task: z.string().optional() }),
);
export const deliveries = jobQueue('deliver', z.strictObject({ render: z.int() }));

export const cancelling = tapAction('studio-cancel', z.strictObject({ render: z.int() }), ['cancel']);
export const quoting = tapAction('studio', z.strictObject({ kind: z.enum(['image', 'video']), prompt: z.string() }), [
  'make',
  'leave',
]);

interface Of {
  botId: number;
  posture: Posture;
}

/** Credits that what is being made costs: never more than was agreed to. */
export const costOf = ({ posture }: Pick<Of, 'posture'>, { kind, makes, price }: Render): bigint => {
  if (kind === makes) return price;
  const own = BigInt(posture.studio[makes].price);
  return own < price ? own : price;
};

/** The one message that is changed while it is made, with the button that ends it. */
export async function tell(
  tx: Tx,
  { botId, posture }: Of,
  render: Pick<Render, 'id' | 'userId' | 'kind'>,
  step: string,
  text: (language: Language) => string,
  { canCancel = true } = {},
): Promise<void> {
  const { id, userId } = render;
  const language = await languageOf(tx, botId, userId);
  const { deadline } = posture.studio[render.kind];
  const cause = `${causeOf(id)}:cancel`;
  const data =
    canCancel && (await ask(tx, cancelling, { botId, userId, cause, input: { render: id }, lasts: 2 * deadline }));
  await sayProgress(tx, {
    of: causeOf(id),
    step,
    chat: userId,
    text: text(language),
    button: data ? [texts.cancel(language), data('cancel')] : undefined,
  });
}

/** Why a render ends without a result; each has its words. */
export type Failure =
  | 'late'
  | 'failed'
  | 'moderated'
  | 'empty'
  | 'refused'
  | 'lost'
  | 'gone'
  | 'unknown'
  | 'running'
  | 'off';

/** Never after what may not be shown, nor where it would fail in the same way. */
const OFFERED: readonly Failure[] = ['late', 'failed', 'lost', 'gone'];

/** Its credits go back, all of them, and its person is told; of a video that failed, with an offer of a picture. */
export async function fail(tx: Tx, of: Of, render: Render, why: Failure): Promise<void> {
  const { botId, posture } = of;
  const { id, userId, kind, makes, prompt, price } = render;
  const language = await languageOf(tx, botId, userId);
  await changeRender(tx, render, { state: 'failed', ended: why });
  await giveBack(tx, botId, id, why);
  const lines = [texts[`failed-${why}`](language, { price })];
  let keyboard: InlineKeyboard | undefined;
  if (kind === 'video' && makes === 'video' && prompt !== null && OFFERED.includes(why)) {
    const cost = BigInt(posture.studio.image.price);
    const input = { kind: 'image' as const, prompt };
    const { quoteLasts: lasts } = posture.studio;
    const data = await ask(tx, quoting, { botId, userId, cause: `${causeOf(id)}:offer`, input, lasts });
    lines.push(texts['offer-image'](language, { price: cost }));
    keyboard = new InlineKeyboard()
      .text(texts['offer-make'](language, { price: cost }), data('make'))
      .text(texts.leave(language), data('leave'));
  }
  await say(tx, {
    cause: `${causeOf(id)}:end`,
    class: 'receipt',
    chat: userId,
    method: 'sendMessage',
    payload: { text: lines.join('\n\n'), ...(keyboard && { reply_markup: keyboard }) },
    replaces: causeOf(id),
  });
}

/**
 * Of whatever it holds; nothing where that was given back before.
 * @returns whether credits had been set aside for it at all
 */
export const giveBack = (tx: Tx, botId: number, id: number, reason: string): Promise<boolean> =>
  release(tx, { botId, of: causeOf(id), reason }).then(
    () => true,
    (error: unknown) => {
      if (!(error instanceof ReserveEnded)) throw error;
      return false;
    },
  );

/** It is ended by who ordered it. */
export async function cancel(tx: Tx, { botId }: Of, render: Render): Promise<void> {
  const { id, userId, price } = render;
  await changeRender(tx, render, { state: 'cancelled', ended: 'cancelled' });
  await giveBack(tx, botId, id, 'cancelled');
  await say(tx, {
    cause: `${causeOf(id)}:end`,
    class: 'receipt',
    chat: userId,
    method: 'sendMessage',
    payload: { text: texts.cancelled(await languageOf(tx, botId, userId), { price }) },
    replaces: causeOf(id),
  });
}

/** Doubled after each look, up to the longest; jittered, so that renders that began together are not looked at together. */
function pauseBefore({ posture }: Pick<Of, 'posture'>, { makes }: Pick<Render, 'makes'>, look: number): number {
  const { poll, [makes]: kind } = posture.studio;
  const pause = look === 0 ? kind.takes / 2 : poll.first * 2 ** (look - 1);
  return Math.min(pause, poll.max) * (0.75 + Math.random() / 2);
}

/** The next look, once: a render has one line of them, and what comes out of turn makes none. */
export async function lookLater(tx: Tx, of: Of, { id, tries, makes }: Render, look: number): Promise<void> {
  const key = `${of.botId}:${id}:${tries}:${look}`;
  await enqueue(tx, looks, { render: id, tries, look }, { key, after: pauseBefore(of, { makes }, look) });
}

/** How long a render may go on after its deadline before it is ended by the clock, ms: what is under way by then ends by itself. */
export const graceOf = ({ studio, work }: Posture): number =>
  studio.orphan + work.deliver.patience + work.deliver.deadline;
