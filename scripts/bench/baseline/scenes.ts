/** What happens to both bots alike, and what is counted afterwards: people and messages, never times. */
import { setTimeout as sleep } from 'node:timers/promises';
import { query } from '../stage.ts';
import { ACQUIRE, IMAGE } from './numbers.ts';
import type { Side } from './side.ts';
import { until } from './until.ts';

/** By the name of what is counted. */
export type Counts = Record<string, number>;

export interface Size {
  /** People of each scene. */
  people: number;
}

let lastUser = 4_000_000;
const crowd = (people: number): number[] => Array.from({ length: people }, () => (lastUser += 1));
const count = <T>(all: readonly T[], which: (one: T) => boolean): number => all.filter(which).length;

/** Nothing more has come for so long, ms: longer than a lost worker's chats take to be taken over. */
const QUIET = 25_000;

/** Waits until all have what they wanted, or nothing has come of it any more. */
async function settle(users: readonly number[], has: (user: number) => boolean): Promise<void> {
  let best = -1;
  let since = performance.now();
  for (;;) {
    const now = count(users, has);
    if (now === users.length) return;
    if (now > best) {
      best = now;
      since = performance.now();
    } else if (performance.now() - since > QUIET) return;
    await sleep(100);
  }
}

/** Everybody asks at once, the AI is slow, and the process is killed when a few have an answer. */
async function flood(side: Side, { people }: Size): Promise<Counts> {
  const users = crowd(people * 5);
  await side.admit(users);
  // Twice as long as the reported bot waits for a connection: whoever finds none is lost before the kill.
  side.ai.faults = { latency: 2 * ACQUIRE };
  for (const user of users) side.telegram.say(user, 'what holds?');
  await until(() => count(users, (user) => side.answers(user) > 0) >= 5, 'the first answers');
  await side.kill();
  await settle(users, (user) => side.answers(user) > 0);
  side.ai.faults = {};
  return {
    'questions never answered: a pool held while the AI thinks, and a kill': count(
      users,
      (user) => side.answers(user) === 0,
    ),
  };
}

/** Everybody orders a picture, and the process is killed while they are made; then everybody orders another one. */
async function renders(side: Side, { people }: Size): Promise<Counts> {
  const users = crowd(people);
  await side.admit(users);
  const before = side.novita.stats().submitted;
  await Promise.all(users.map((user) => side.order(user)));
  await until(() => side.novita.stats().submitted - before >= users.length, 'all renders to be begun');
  await side.kill();
  await settle(users, (user) => side.pictures(user) > 0);
  const unexplained = await side.unexplained(users);
  const taken = await Promise.all(users.map((user) => side.taken(user)));
  const lost = count(users, (user) => side.pictures(user) === 0 && taken[users.indexOf(user)]! >= IMAGE);
  const had = new Map(users.map((user) => [user, side.pictures(user)]));
  await Promise.all(users.map((user) => side.order(user)));
  await settle(users, (user) => side.pictures(user) > had.get(user)!);
  return {
    'pictures paid for and never shown: polled in the request, and a kill': lost,
    'people whose credits no record explains': unexplained,
    'people locked out afterwards': count(users, (user) => side.pictures(user) === had.get(user)),
  };
}

/** Everybody orders two pictures in the same moment. */
async function twice(side: Side, { people }: Size): Promise<Counts> {
  const users = crowd(people);
  await side.admit(users);
  await Promise.all(users.flatMap((user) => [side.order(user), side.order(user)]));
  await settle(users, (user) => side.pictures(user) > 0);
  const taken = await Promise.all(users.map((user) => side.taken(user)));
  return { 'people served twice at once: a lock that is read, then set': count(taken, (credits) => credits > IMAGE) };
}

/** Everybody asks, the AI never answers, and everybody pays for more credits meanwhile. */
async function hang(side: Side, { people }: Size): Promise<Counts> {
  const users = crowd(people);
  await side.admit(users);
  const { calls } = side.ai.stats();
  side.ai.faults = { hang: true };
  for (const user of users) side.telegram.say(user, 'are you there?');
  await until(() => side.ai.stats().calls - calls >= Math.min(users.length, 15), 'the AI to be asked');
  const [open] = await query<{ idle: number }>(
    side.database,
    `SELECT count(*)::int AS idle FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`,
  );
  const paid = await Promise.all(users.map((user) => side.pays(user)));
  side.ai.faults = {};
  return {
    'transactions open while the AI hangs': open!.idle,
    'payments that could not be booked meanwhile': count(paid, (booked) => !booked),
  };
}

/** One after the other; a kill is each side's own. */
export const SCENES = [flood, renders, twice, hang];
