/** How the bot answers what is done to it, told from two looks at the counters of its tasks: many of a kind are one line. */
import type { Line } from './journal.ts';
import type { TaskOnPage } from './wire.ts';

type Health = NonNullable<TaskOnPage['health']>;

interface Reaction {
  /** Since the start of the task. */
  read: (health: Health) => number;
  level: Line['level'];
  says: (times: number) => string;
}

const sum = <T>(all: Record<string, T> | undefined, read: (one: T) => number | undefined): number =>
  Object.values(all ?? {}).reduce((total, one) => total + (read(one) ?? 0), 0);
const some = (times: number, one: string, many = `${one}s`): string => (times === 1 ? `1 ${one}` : `${times} ${many}`);
const they = (times: number): string => (times === 1 ? 'it' : 'they');

const PROVIDERS: Record<string, string> = { openrouter: 'the AI', novita: 'Novita', access: 'the access provider' };
const callsOf = (name: string): Reaction => ({
  read: ({ providers }) => providers?.[name]?.failures ?? 0,
  level: 'warn',
  says: (times) => `${some(times, 'call')} to ${PROVIDERS[name] ?? name} failed`,
});

const REACTIONS: readonly Reaction[] = [
  {
    read: ({ intake }) => intake?.duplicates ?? 0,
    level: 'good',
    says: (times) => `${some(times, 'duplicate')} dropped: stored before, and answered once`,
  },
  {
    read: ({ intake }) => intake?.refused ?? 0,
    level: 'warn',
    says: (times) => `${some(times, 'update')} not stored and not acknowledged: Telegram delivers again`,
  },
  {
    read: ({ intake }) => (intake?.forbidden ?? 0) + (intake?.malformed ?? 0),
    level: 'warn',
    says: (times) => `${some(times, 'request')} refused: not Telegram's`,
  },
  {
    read: ({ callbacks }) => sum(callbacks, ({ forged, unsigned }) => forged + unsigned),
    level: 'warn',
    says: (times) => `${some(times, 'callback')} refused: not signed by the provider`,
  },
  {
    read: ({ callbacks }) => sum(callbacks, ({ refused }) => refused),
    level: 'warn',
    says: (times) => `${some(times, 'callback')} not stored and not acknowledged: the provider tells again`,
  },
  ...Object.keys(PROVIDERS).map(callsOf),
  {
    read: ({ lanes }) => sum(lanes, ({ failed }) => failed),
    level: 'warn',
    says: (times) => `${some(times, 'attempt')} failed: ${they(times)} will be made again after a pause`,
  },
  {
    read: ({ lanes }) => sum(lanes, ({ parked }) => parked),
    level: 'bad',
    says: (times) => `${some(times, 'update')} parked after the last attempt: the desk decides`,
  },
  {
    read: ({ providers }) => sum(providers, ({ rate }) => rate?.refused),
    level: 'warn',
    says: (times) => `Telegram said 429 to ${some(times, 'send')}: ${they(times)} wait as long as it asks`,
  },
  {
    read: ({ providers }) => sum(providers, ({ rate }) => rate?.postponed),
    level: 'info',
    says: (times) => `${some(times, 'chat')} postponed to keep Telegram's rates: no attempt is used`,
  },
  {
    read: ({ providers, outbox }) => sum(providers, ({ sends }) => sends?.unknown) + (outbox?.unknown ?? 0),
    level: 'warn',
    says: (times) => `Nobody knows whether ${some(times, 'send')} arrived`,
  },
  {
    read: ({ providers, outbox }) => sum(providers, ({ sends }) => sends?.repeated) + (outbox?.repeated ?? 0),
    level: 'info',
    says: (times) => `${some(times, 'send')} of unknown outcome repeated, once`,
  },
  {
    read: ({ providers }) => sum(providers, ({ sends }) => sends?.unread),
    level: 'info',
    says: (times) => `Telegram could not read the markup of ${some(times, 'text')}: sent again, plain`,
  },
  {
    read: ({ leases }) => leases?.lost ?? 0,
    level: 'warn',
    says: (times) => `${some(times, 'chat')} taken over from a worker that stood still`,
  },
  {
    read: ({ jobs }) => sum(jobs, ({ failed }) => failed),
    level: 'warn',
    says: (times) => `${some(times, 'job')} failed: ${they(times)} will be tried again`,
  },
  {
    read: ({ jobs, outbox }) => sum(jobs, ({ dead }) => dead) + (outbox?.dead ?? 0),
    level: 'bad',
    says: (times) => `${some(times, 'job or message', 'jobs and messages')} given up: the desk decides`,
  },
];

/** Of tasks whose health both looks know; what a task did before its first look is told by its total. */
export function reactionsBetween(before: readonly TaskOnPage[], now: readonly TaskOnPage[]): Line[] {
  const known = new Map(before.map((task) => [task.id, task]));
  return REACTIONS.flatMap(({ read, level, says }): Line[] => {
    const grown = now.reduce((total, { id, health }) => {
      const was = known.get(id)?.health;
      return total + (health ? Math.max(0, read(health) - (was ? read(was) : 0)) : 0);
    }, 0);
    return grown > 0 ? [{ level, text: says(grown) }] : [];
  });
}
