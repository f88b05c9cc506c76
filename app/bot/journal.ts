/**
 * The journal of an update's sends. Telegram's sends have no idempotency key, so an update that is run again, because
 * its worker was killed, must not repeat what was confirmed. A confirmed send is recorded before the next one begins;
 * the last one is covered by the update's own "done", or recorded by the lane where the handler fails. So at most the
 * one send in flight at a kill can be repeated, and a handler with one send costs no extra write.
 */
import type { Transformer } from 'grammy';
import type { Turn } from '../lanes/update.ts';

/** Methods that change nothing that a person would see twice. */
const REPEATABLE = /^(get|sendChatAction$|setMyCommands$|answer)/;

/**
 * What Telegram says of a query that was answered before, as by a worker that was killed right after it, or whose time
 * is over. Nobody waits for the answer any more: the update goes on, and is not parked for it.
 */
const GONE = /query is too old|query ID is invalid/i;

export function journal(turn: Turn): Transformer {
  const earlier = turn.update.sends;
  const confirmed = [...earlier];
  turn.update.sends = confirmed;
  let position = 0;
  let recorded = earlier.length;

  return async (prev, method, payload, signal) => {
    turn.hold();
    if (REPEATABLE.test(method)) {
      const answer = await prev(method, payload, signal);
      const gone = !answer.ok && method.startsWith('answer') && GONE.test(answer.description);
      return gone ? ({ ok: true, result: true } as Awaited<ReturnType<typeof prev<typeof method>>>) : answer;
    }
    const place = position++;
    const before = earlier[place];
    // Only while the handler does what it did before: after the first difference, nothing is skipped any more.
    if (before?.method === method && confirmed.length === earlier.length) {
      return { ok: true, result: before.result } as Awaited<ReturnType<typeof prev<typeof method>>>;
    }
    if (confirmed.length > recorded) {
      const count = confirmed.length;
      await turn.recordSends(confirmed);
      recorded = count;
    }
    const answer = await prev(method, payload, signal);
    if (answer.ok) confirmed.push({ method, result: answer.result });
    return answer;
  };
}
