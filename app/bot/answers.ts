/** Answers to queries (taps, payments): they may be repeated, but a query takes one answer, and only for a while. */
import { GrammyError, type Transformer } from 'grammy';
import type { Turn } from '../lanes/update.ts';
import type { BotContext } from './context.ts';
import type { Places } from './places.ts';

/** What Telegram says of a query that was answered before, or whose time is over. */
const GONE = /query is too old|query ID is invalid/i;

/** True where a query could not be answered because its time was over. Telegram has cancelled a payment by then. */
export const cameTooLate = (error: unknown): boolean =>
  error instanceof GrammyError && error.method.startsWith('answer') && GONE.test(error.description);

/**
 * Answers a tap, so that the user's client stops waiting. A tap that has waited too long is no failure: nobody looks at
 * the button any more, and what it asked for is done all the same.
 */
export async function answerTap(ctx: BotContext, text?: string): Promise<void> {
  await ctx.answerCallbackQuery(text).catch((error: unknown) => {
    if (!cameTooLate(error)) throw error;
  });
}

/**
 * Calls that answer queries. One that was confirmed in an earlier attempt is not made again. "Too old" is what a query
 * says that an earlier attempt has answered, and is taken for success only where there was one: a handler learns that
 * its answer to a payment came too late.
 */
export function answering(turn: Turn, places: Places, leaves: Map<unknown, () => void>): Transformer {
  const { answers } = places;
  const earlier = [...answers];
  let next = 0;
  return async (prev, method, payload, signal) => {
    type Answer = Awaited<ReturnType<typeof prev<typeof method>>>;
    const place = next++;
    const before = earlier[place]?.method === method ? earlier[place] : undefined;
    if (before?.state === 'ok') return { ok: true, result: before.result } as Answer;
    const again = before !== undefined || turn.update.attempts + turn.update.takeovers > 0;
    let left = 0;
    const own = { ...payload };
    leaves.set(own, () => {
      left += 1;
      answers[place] = { method, state: 'asked' };
      places.publish();
    });
    try {
      const answer = await prev(method, own, signal);
      const gone = !answer.ok && GONE.test(answer.description);
      if (!answer.ok && !(gone && (again || left > 1))) return answer;
      answers[place] = { method, state: 'ok', result: true };
      places.publish();
      return { ok: true, result: true } as Answer;
    } finally {
      leaves.delete(own);
    }
  };
}
