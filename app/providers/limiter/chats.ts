/**
 * The pace of each chat. A chat's updates are handled by one worker at a time, so what this process remembers is nearly
 * enough; where a chat moves to another worker meanwhile, the two tell each other by the database (see lease.ts).
 */
import type { Posture } from '../../../posture/schema/index.ts';
import type { Cost } from './cost.ts';
import { paidAt, waitFor, type Pace } from './pace.ts';

/** What was taken from a chat's pace, as the lease carries it to the other workers: ms by which its `tat` moves. */
export interface Debt {
  chat: string;
  ms: number;
}

interface Chat {
  tat: number;
  /** What the other workers have not been told. */
  untold: number;
  /** By how much they have moved `tat` so far. */
  moved: number;
}

/** A send's place in its chat's pace. */
export interface Place {
  /** `tat` before it, and how far others had moved it by then. */
  tat: number;
  moved: number;
}

export function createChats({ chat, group, chatBurst }: Posture['providers']['telegram']['rate']) {
  const chats = new Map<string, Chat>();
  const privately: Pace = { interval: 1000 / chat, burst: chatBurst };
  // In no minute more than `group`, its burst at the beginning included.
  const inGroups: Pace = { interval: 60_000 / Math.max(1, group - chatBurst), burst: chatBurst };
  const paceOf = (cost: Pick<Cost, 'group'>): Pace => (cost.group ? inGroups : privately);

  function open(id: string): Chat {
    let found = chats.get(id);
    if (!found) chats.set(id, (found = { tat: -Infinity, untold: 0, moved: 0 }));
    return found;
  }

  return {
    /** Until the call may go, ms. */
    wait(cost: Cost, now: number): number {
      const known = cost.chat === undefined ? undefined : chats.get(cost.chat);
      return known ? waitFor(known.tat, now, paceOf(cost)) : 0;
    },
    /** Takes the call's place, before it has waited for its turn. */
    spend(cost: Cost, now: number): Place | undefined {
      if (cost.chat === undefined) return undefined;
      const pace = paceOf(cost);
      const known = open(cost.chat);
      const place = { tat: Math.max(known.tat, now), moved: known.moved };
      known.tat = paidAt(known.tat, now, cost.messages, pace);
      known.untold += cost.messages * pace.interval;
      return place;
    },
    /** What is left to wait after it was learned, in leasing the turn, what others have sent there; ms. */
    rest(cost: Cost, place: Place | undefined, now: number): number {
      const known = cost.chat === undefined ? undefined : chats.get(cost.chat);
      if (!known || !place) return 0;
      return waitFor(place.tat + known.moved - place.moved, now, paceOf(cost));
    },
    /** It leaves later than it was counted for: the next one is counted from here. */
    left(cost: Cost, now: number): void {
      if (cost.chat === undefined) return;
      const known = open(cost.chat);
      known.tat = Math.max(known.tat, paidAt(now, now, cost.messages, paceOf(cost)));
    },
    /** It does not leave after all. */
    giveBack(cost: Cost): void {
      const known = cost.chat === undefined ? undefined : chats.get(cost.chat);
      if (!known) return;
      const debt = cost.messages * paceOf(cost).interval;
      known.tat -= debt;
      known.untold -= debt;
    },
    /** Telegram refused the chat for so many ms: nothing until then, and one by one after it. */
    close(cost: Cost, ms: number, now: number): void {
      if (cost.chat === undefined) return;
      const { interval, burst } = paceOf(cost);
      const known = open(cost.chat);
      const before = Math.max(known.tat, now);
      known.tat = Math.max(before, now + ms + (burst - 1) * interval);
      known.untold += known.tat - before;
    },
    /** What the others have to know, and forgets what is paid for. */
    tell(now: number): Debt[] {
      const debts: Debt[] = [];
      for (const [id, known] of chats) {
        if (known.tat <= now) chats.delete(id);
        else if (known.untold > 0) {
          debts.push({ chat: id, ms: known.untold });
          known.untold = 0;
        }
      }
      return debts;
    },
    /** The debts could not be told: they are told the next time. */
    untell(debts: readonly Debt[]): void {
      for (const { chat: id, ms } of debts) {
        const known = chats.get(id);
        if (known) known.untold += ms;
      }
    },
    /** What all have sent there: the chat's `tat` is `ahead` ms away, without the debts told in the same statement. */
    learn(learned: readonly { chat: string; ahead: number }[], told: readonly Debt[], now: number): void {
      const own = new Map(told.map(({ chat: id, ms }) => [id, ms]));
      for (const { chat: id, ahead } of learned) {
        const known = open(id);
        const by = now + ahead + (own.get(id) ?? 0) - Math.max(known.tat, now);
        if (by <= 0) continue;
        known.tat = Math.max(known.tat, now) + by;
        known.moved += by;
      }
    },
  };
}

export type Chats = ReturnType<typeof createChats>;
