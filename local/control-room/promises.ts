/**
 * What the posture promises, beside what was measured: each promise that something on this page can test, what tested it
 * last, and how long it took. Told from the looks at platform and world, and from what was done to them.
 */
import { promises, type Promised } from '../../posture/promises.ts';
import { usableConnections } from '../../posture/limits.ts';
import { ms } from '../../posture/readable.ts';
import type { Posture } from '../../posture/schema/index.ts';
import type { Journal } from './journal.ts';
import type { PromiseOnPage, Sections } from './wire.ts';

/** So long after something was done, what is measured is put down to it, ms. */
const LASTS = 60_000;
/** What was not measured within this time was no test of it, ms beyond what is promised. */
const GIVES_UP = 60_000;

/** From here on an answer was waited for, ms. */
const WORTH_TELLING = 5_000;

const USUAL = 'everyday work';

/** As it was measured: to the tenth of a second. */
const took = (value: number): string =>
  value < 1_000
    ? `${Math.round(value)}ms`
    : value < 180_000
      ? `${(value / 1_000).toFixed(1)}s`
      : ms(Math.round(value / 1_000) * 1_000);

/** Promises of the laws that can be tested here, in this order, and how. */
const TESTED: Readonly<Record<string, string>> = {
  ack: 'any delivery; hardest while the database restarts',
  takeover: 'kill or freeze a worker',
  'drain.web': 'drain a web task',
  'drain.worker': 'drain a worker',
  'drain.media': 'drain a media task',
  'outage.message': 'restart the database',
  'connections.peak': 'send a crowd, or kill everything at once',
  'detect.page': 'leave on what breaks the bot for everybody until it rings',
  'detect.ticket': 'leave a smaller fault on until it rings',
};

interface Test {
  by: string;
  since: number;
  /** Of a drain: the task that leaves. */
  task?: string;
}

/** What was done, as the journal tells it. */
export interface Deed {
  what: 'kill' | 'freeze' | 'drain' | 'database' | 'fault' | 'crowd';
  by: string;
  task?: { id: string; role: string };
}

/** Of a provider whose breaker is open nothing is asked for so long. */
const restOf = (name: string, { providers }: Posture): number | undefined =>
  name in providers ? providers[name as keyof Posture['providers']].breaker.openFor : undefined;

const LABELS: Readonly<Record<string, string>> = {
  telegram: 'Telegram',
  openrouter: 'the AI',
  novita: 'Novita',
  access: 'the access provider',
};

export type Promises = ReturnType<typeof createPromises>;

export function createPromises(posture: Posture, journal: Pick<Journal, 'add'>) {
  const rows = new Map<string, PromiseOnPage>();
  const tests = new Map<string, Test>();
  const shut = new Map<string, number>();
  let deed: { by: string; at: number } | undefined;
  let acked = 0;
  /** When the last alarm rang of which was told. */
  let rung = 0;

  const add = ({ name, says, value, unit, shown }: Omit<Promised, 'unit'> & { unit: string }, how: string) =>
    rows.set(name, {
      name,
      says,
      how,
      promised: shown,
      limit: value,
      isTime: unit === 'ms',
      last: null,
      worst: null,
      testing: null,
    });

  for (const promised of promises(posture)) {
    const how = TESTED[promised.name];
    if (how !== undefined) add(promised, how);
  }
  const patience = posture.jobs.chat.patience;
  add(
    {
      name: 'patience',
      says: 'until what was written is answered, whatever provider is away meanwhile',
      value: patience,
      unit: 'ms',
      shown: ms(patience),
    },
    'let Telegram or the AI answer 500, and write',
  );

  const by = (at: number): string => (deed && at - deed.at < LASTS ? deed.by : USUAL);

  function measured(name: string, value: number, what: string, at: number, isTold: boolean): void {
    const row = rows.get(name);
    if (!row) return;
    const last = { value, shown: row.isTime ? took(value) : String(value), by: what, at };
    row.last = last;
    if (!row.worst || value >= row.worst.value) row.worst = last;
    if (!isTold) return;
    journal.add({
      level: value <= row.limit ? 'good' : 'bad',
      text: `Promise ${name}: ${last.shown} of ${row.promised}, tested by ${what}`,
    });
  }

  function begin(name: string, test: Test): void {
    const row = rows.get(name);
    if (!row || tests.has(name)) return;
    tests.set(name, test);
    journal.add({ level: 'info', text: `Promise ${name} is tested by ${test.by}: ${row.promised} ${row.says}` });
  }

  function end(name: string, at: number): void {
    const test = tests.get(name);
    if (!test) return;
    tests.delete(name);
    measured(name, at - test.since, test.by, at, true);
  }

  /** Chats in which somebody waits for an answer, since when. */
  const waiting = new Map<number, number>();

  return {
    did({ what, by: words, task }: Deed, at = Date.now()): void {
      deed = { by: words, at };
      if ((what === 'kill' || what === 'freeze') && task?.role === 'worker')
        begin('takeover', { by: words, since: at });
      if (what === 'drain' && task) begin(`drain.${task.role}`, { by: words, since: at, task: task.id });
      if (what === 'database') begin('outage.message', { by: words, since: at });
    },

    /** Somebody wrote, or was answered. */
    said(chatId: number, from: 'user' | 'bot', at = Date.now()): void {
      const since = waiting.get(chatId);
      if (from === 'user') {
        if (since === undefined) waiting.set(chatId, at);
        return;
      }
      if (since === undefined) return;
      waiting.delete(chatId);
      // Only what was worth waiting for is worth a line.
      measured('patience', at - since, by(at), at, at - since > WORTH_TELLING);
    },

    /** One look; `takeovers`: when workers have taken over chats. */
    see({ tasks, database, telegram, oncall }: Sections, takeovers: readonly number[], at: number): void {
      const acks = telegram?.acks;
      if (acks && acks.count > acked) {
        acked = acks.count;
        measured('ack', acks.last, by(at), at, false);
        const row = rows.get('ack')!;
        if (acks.longest > row.worst!.value)
          row.worst = { ...row.last!, value: acks.longest, shown: took(acks.longest) };
      }
      const takeover = tests.get('takeover');
      const done = takeover && takeovers.find((time) => time >= takeover.since);
      if (done !== undefined) end('takeover', done);
      for (const [name, { task }] of tests)
        if (task !== undefined && !tasks.some(({ id, state }) => id === task && state !== 'stopped')) end(name, at);
      const used = rows.get('connections.peak');
      if (used && database.connections > (used.worst?.value ?? 0))
        measured('connections.peak', Math.min(database.connections, usableConnections(posture)), by(at), at, false);
      breakers(tasks, at);
      for (const notice of oncall?.notices ?? []) {
        if (notice.at <= rung) break;
        if (!notice.isOver && deed && notice.at >= deed.at)
          measured(`detect.${notice.severity}`, notice.at - deed.at, deed.by, notice.at, true);
      }
      rung = Math.max(rung, oncall?.notices[0]?.at ?? 0);
      for (const [name, { since }] of tests) if (at - since > rows.get(name)!.limit + GIVES_UP) tests.delete(name);
      for (const row of rows.values()) {
        const test = tests.get(row.name);
        row.testing = test ? { by: test.by, since: test.since } : null;
      }
    },

    /** The database is up again, or gave up. */
    databaseIsBack: (at = Date.now()): void => end('outage.message', at),

    rows: (): PromiseOnPage[] => [...rows.values()].map((row) => ({ ...row })),
  };

  /** How long a provider that is away is left alone: at least what is declared. */
  function breakers(tasks: Sections['tasks'], at: number): void {
    for (const { id, health } of tasks)
      for (const [name, { breaker }] of Object.entries(health?.providers ?? {})) {
        const rest = restOf(name, posture);
        const key = `${id}/${name}`;
        if (rest === undefined) continue;
        const row = `breaker.${name}`;
        if (breaker === 'open' && !shut.has(key)) {
          shut.set(key, at);
          if (!rows.has(row))
            add(
              {
                name: row,
                says: `for which ${LABELS[name] ?? name} is left alone once it is away`,
                value: Number.MAX_SAFE_INTEGER,
                unit: 'ms',
                shown: `${ms(rest)} or more`,
              },
              `let ${LABELS[name] ?? name} answer 500 to some messages`,
            );
        } else if (breaker !== 'open' && shut.has(key)) {
          const since = shut.get(key)!;
          shut.delete(key);
          measured(row, at - since, by(at), at, true);
        }
      }
  }
}
