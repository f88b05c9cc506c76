/** What happened, told from two looks at the platform, newest kept. */
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

function told(task: TaskOnPage): string {
  const reason = task.health?.reasons[0];
  switch (task.state) {
    case 'starting':
      return `${task.id} is starting${task.pid === undefined ? '' : ` as pid ${task.pid}`}`;
    case 'healthy':
      return `${task.id} is healthy`;
    case 'unhealthy':
      return `${task.id} is unhealthy${reason ? `: ${reason}` : ''}`;
    case 'draining':
      return `${task.id} is draining`;
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

function taskLines(before: TaskOnPage | undefined, now: TaskOnPage): Line[] {
  if (!before) return [{ level: STATES[now.state], text: told(now) }];
  const lines: Line[] = [];
  const replaced = now.pid !== undefined && before.pid !== undefined && now.pid !== before.pid;
  if (replaced || now.restarts > before.restarts) {
    if (before.state !== 'stopped') {
      lines.push({ level: 'bad', text: `${now.id} died${now.lastExit ? `: ${now.lastExit}` : ''}` });
    }
    lines.push({ level: 'info', text: `${now.id} was replaced${now.pid === undefined ? '' : ` by pid ${now.pid}`}` });
    if (now.state === 'healthy') lines.push({ level: 'good', text: told(now) });
  } else if (now.state !== before.state) {
    lines.push({ level: STATES[now.state], text: told(now) });
  }
  return [...lines, ...breakerLines(before, now)];
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
  const error = now.telegram?.lastError ?? null;
  return [
    ...databaseLines(before.database, now.database),
    ...now.tasks.flatMap((task) => taskLines(known.get(task.id), task)),
    ...before.tasks
      .filter(({ id }) => !present.has(id))
      .map(({ id }): Line => ({ level: 'warn', text: `${id} is gone` })),
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
