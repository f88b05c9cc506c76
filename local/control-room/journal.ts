/** What happened, told from two looks at the platform, newest kept. */
import { reactionsBetween } from './reactions.ts';
import type { Sections, LogEntry, TaskOnPage } from './wire.ts';

const KEPT = 200;

export type Line = Pick<LogEntry, 'level' | 'text'>;
/** What the journal compares. */
export type Look = Pick<Sections, 'tasks' | 'database' | 'telegram'>;

const STATES: Record<TaskOnPage['state'], Line['level']> = {
  starting: 'info',
  healthy: 'good',
  unhealthy: 'bad',
  draining: 'warn',
  stopped: 'bad',
};

const untilKilled = ({ killAt }: TaskOnPage): string =>
  killAt === undefined ? '' : `: SIGKILL in ${Math.max(0, Math.round((killAt - Date.now()) / 1000))} s at the latest`;

function told(task: TaskOnPage): string {
  const reason = task.health?.reasons[0];
  switch (task.state) {
    case 'starting':
      return `${task.id} is starting${task.pid === undefined ? '' : ` as pid ${task.pid}`}${task.restarts > 0 ? `, in the place ${task.slot}` : ''}`;
    case 'healthy':
      return `${task.id} is healthy`;
    case 'unhealthy':
      return `${task.id} is unhealthy${reason ? `: ${reason}` : ''}`;
    case 'draining':
      return `${task.id} ${task.frozen ? 'is asked to end, frozen as it is' : 'is draining'}${untilKilled(task)}`;
    case 'stopped':
      return `${task.id} died${task.lastExit ? `: ${task.lastExit}` : ''}`;
  }
}

function breakerLines(before: TaskOnPage, now: TaskOnPage): Line[] {
  return Object.entries(now.health?.providers ?? {}).flatMap(([name, { breaker }]): Line[] => {
    const was = before.health?.providers?.[name]?.breaker ?? 'closed';
    if (was === breaker) return [];
    return [{ level: breaker === 'closed' ? 'good' : 'warn', text: `${now.id}: breaker of ${name} is ${breaker}` }];
  });
}

/** Of a task that was there before. */
function taskLines(before: TaskOnPage, now: TaskOnPage): Line[] {
  const moved = now.state === before.state ? [] : [{ level: STATES[now.state], text: told(now) }];
  return [...moved, ...breakerLines(before, now)];
}

/** Of a new task; the one that it replaces may have died between the two looks. */
function arrivalLines(before: readonly TaskOnPage[], now: TaskOnPage, gone: (id: string) => boolean): Line[] {
  const dead = before.find(
    ({ id, slot, state }) => slot === now.slot && gone(id) && state !== 'stopped' && state !== 'draining',
  );
  return [
    ...(dead ? [{ level: 'bad' as const, text: `${dead.id} died${now.lastExit ? `: ${now.lastExit}` : ''}` }] : []),
    { level: STATES[now.state], text: told(now) },
  ];
}

function databaseLines(before: Look['database'], now: Look['database']): Line[] {
  if (before.state === now.state) return [];
  const level = now.state === 'up' ? 'good' : now.state === 'down' ? 'bad' : 'warn';
  return [{ level, text: now.state === 'up' ? 'The database is up again' : `The database is ${now.state}` }];
}

/** The events between two looks, in the order in which they are told. */
export function linesBetween(before: Look, now: Look): Line[] {
  const known = new Map(before.tasks.map((task) => [task.id, task]));
  const present = new Set(now.tasks.map((task) => task.id));
  const isGone = (id: string) => !present.has(id);
  const error = now.telegram?.lastError ?? null;
  return [
    ...databaseLines(before.database, now.database),
    ...now.tasks.flatMap((task) => {
      const was = known.get(task.id);
      return was ? taskLines(was, task) : arrivalLines(before.tasks, task, isGone);
    }),
    ...before.tasks
      .filter(({ id, state }) => isGone(id) && state === 'draining')
      .map(({ id, killAt }): Line => {
        const late = killAt !== undefined && Date.now() >= killAt;
        return { level: 'warn', text: late ? `${id} did not end in its time: SIGKILL` : `${id} has ended` };
      }),
    ...reactionsBetween(before.tasks, now.tasks),
    ...(error !== null && error !== (before.telegram?.lastError ?? null)
      ? [{ level: 'warn' as const, text: `Telegram could not deliver: ${error}` }]
      : []),
  ];
}

/** The last events. `tell` is called with each new one. */
export function createJournal(tell: (entry: LogEntry) => void) {
  const entries: LogEntry[] = [];
  let last = 0;
  return {
    add({ level, text }: Line): void {
      const entry = { id: ++last, at: Date.now(), level, text };
      entries.push(entry);
      if (entries.length > KEPT) entries.shift();
      tell(entry);
    },
    entries: (): readonly LogEntry[] => entries,
  };
}

export type Journal = ReturnType<typeof createJournal>;
