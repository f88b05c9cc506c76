/**
 * Telegram's limits at run time (fault rate-limit): so many messages a second in all, over all workers; so many to one
 * chat and to one group. A send waits for its turn for `rate.patience` at most, then its update is postponed without
 * using an attempt. Only what posts or edits waits: no answer to a tap or to a payment, no typing action.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RateHealth } from '../../../contract/health.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import { RetryLater } from '../../outcome.ts';
import type { Logger } from '../../log.ts';
import { createChats, type Place } from './chats.ts';
import { chatOf, costOf, type Cost } from './cost.ts';
import { createGrants } from './grants.ts';
import type { LeaseStore } from './lease.ts';
import { createLine, type Rank } from './line.ts';

export type { Rank };

export interface Limiter {
  /**
   * Resolves when the call may leave; undefined where that is at once. `deadline` is the handler's, in ms of Date.now():
   * a wait that would leave no time for the call is not begun. Who is of a later rank lets the others pass.
   * @throws {RetryLater} when its turn does not come within the patience; the signal's reason when that is aborted
   */
  take(
    method: string,
    payload: unknown,
    signal: AbortSignal,
    deadline?: number,
    rank?: Rank,
  ): Promise<void> | undefined;
  /** Telegram accepted the call, or refused it by a 429 for so many ms. */
  heard(method: string, payload: unknown, retryAfter: number | undefined): void;
  state(): RateHealth;
  close(): Promise<void>;
}

/** What every send may wait whatever is left: its grant may have to be leased first, ms. */
const ROOM = 1_000;
/** A wait from which on a send counts as one that waited, ms: longer than a lease takes. */
const NOTICED = 50;
/** Chats that are refused one after the other, nothing accepted between them: it is not about the chats. */
const CHATS_REFUSED = 3;
/** Longest pause of all sends that is concluded from that, ms; then one of them is tried. */
const CONCLUDED = 60_000;

export function createLimiter(posture: Posture, store: LeaseStore, log: Logger): Limiter {
  const { rate, timeout } = posture.providers.telegram;
  const chats = createChats(rate);
  const grants = createGrants({ posture, chats, store, log });
  const line = createLine({ global: rate.global, grants });
  const refusedChats = new Set<string>();
  let closedUntil = -Infinity;
  let pausing = 0;
  const counts = { waited: 0, postponed: 0, refused: 0 };

  function close(ms: number): void {
    closedUntil = Math.max(closedUntil, performance.now() + ms);
    log.warn({ ms }, 'Telegram asked this bot to wait with all that it sends');
  }

  function later({ chat }: Cost, wait: number): RetryLater {
    const after = Math.ceil(wait);
    return new RetryLater(after, `telegram: nothing may be sent ${chat === undefined ? '' : 'there '}for ${after} ms`);
  }

  function take(
    method: string,
    payload: unknown,
    signal: AbortSignal,
    deadline = Infinity,
    rank: Rank = 'first',
  ): Promise<void> | undefined {
    const cost = costOf(method, payload);
    if (!cost) return undefined;
    signal.throwIfAborted();
    const now = performance.now();
    const by = now + Math.max(ROOM, Math.min(rate.patience, deadline - Date.now() - timeout));
    const wait = Math.max(closedUntil - now, chats.wait(cost, now));
    if (wait > 0 && now + wait > by) {
      if (rank !== 'last') counts.postponed += 1;
      throw later(cost, wait);
    }
    const place = chats.spend(cost, now);
    const turn = wait > 0 ? afterPause(cost, wait, by, signal, rank) : line.take(cost.messages, by, signal, rank);
    return (
      turn &&
      noted(
        turn.then(() => afterRest(cost, place, by, signal)),
        cost,
        now,
        rank,
      )
    );
  }

  async function pause(ms: number, signal: AbortSignal): Promise<void> {
    pausing += 1;
    await sleep(ms, undefined, { signal }).finally(() => (pausing -= 1));
  }

  async function afterPause(cost: Cost, wait: number, by: number, signal: AbortSignal, rank: Rank): Promise<void> {
    await pause(wait, signal);
    await line.take(cost.messages, by, signal, rank);
  }

  /** The turn may have told that another worker, which had the chat before, wrote there just now. */
  async function afterRest(cost: Cost, place: Place | undefined, by: number, signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const rest = chats.rest(cost, place, now);
    if (rest === 0) return;
    if (now + rest > by) throw later(cost, rest);
    await pause(rest, signal);
  }

  /** What is of the last rank is left out without harm: that it waited says nothing about the rate. */
  async function noted(turn: Promise<void>, cost: Cost, since: number, rank: Rank): Promise<void> {
    try {
      await turn;
    } catch (error) {
      chats.giveBack(cost);
      if (error instanceof RetryLater && rank !== 'last') counts.postponed += 1;
      throw error;
    }
    const now = performance.now();
    chats.left(cost, now);
    if (now - since > NOTICED && rank !== 'last') counts.waited += 1;
  }

  function heard(method: string, payload: unknown, retryAfter: number | undefined): void {
    const cost = costOf(method, payload);
    if (retryAfter === undefined) {
      if (cost) refusedChats.clear();
      return;
    }
    counts.refused += 1;
    if (chatOf(payload) === undefined) return close(retryAfter);
    if (cost?.chat === undefined) return;
    chats.close(cost, retryAfter, performance.now());
    // The answer does not say whether it is the chat or the bot that is refused.
    refusedChats.add(cost.chat);
    if (refusedChats.size < CHATS_REFUSED) return;
    refusedChats.clear();
    close(Math.min(retryAfter, CONCLUDED));
  }

  return {
    take,
    heard,
    state: () => ({
      waiting: line.waiting() + pausing,
      ...counts,
      closedFor: Math.max(0, Math.round(closedUntil - performance.now())),
      alone: grants.alone() ? 1 : 0,
    }),
    async close() {
      await line.close();
      await grants.close();
    },
  };
}
