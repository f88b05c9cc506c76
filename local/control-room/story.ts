/**
 * What became of one message, in order: from Telegram's deliveries, the logs of the tasks, and the row in the database, as
 * `npm run ops -- story` tells it. Without a word of the message.
 */
import type { Outcome } from '../../app/ops/outcome.ts';
import type { Journey, PlatformView } from '../contract/index.ts';
import type { LogEntry } from './wire.ts';

export interface Step {
  /** Unix time, ms. */
  at: number;
  /** Telegram, a task, or the database. */
  who: string;
  text: string;
  level: LogEntry['level'];
}

export interface Story {
  updateId: number;
  steps: Step[];
  /** Nothing more will happen by itself. */
  isOver: boolean;
}

interface LogLine {
  level?: string;
  time?: string;
  msg?: string;
  method?: string;
  attempt?: number;
  after?: number;
  waited?: number;
  took?: number;
  together?: number;
  lost?: number;
  reason?: unknown;
  error?: unknown;
}

const LEVELS: Record<string, Step['level']> = { warn: 'warn', error: 'bad', fatal: 'bad' };
const SETTLED = /^(done|parked) after /;
const time = (ms = 0): string => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);

function deliverySteps({ at, deliveries }: Journey): Step[] {
  const began: Step = {
    at,
    who: 'Telegram',
    text: 'has it, and keeps it until the bot says that it is stored',
    level: 'info',
  };
  return [
    began,
    ...deliveries.map(({ at: left, took, error, isRepeat }): Step => {
      const who = 'Telegram';
      if (isRepeat)
        return {
          at: left + took,
          who,
          text: `delivered it again, as after a lost answer (${time(took)})`,
          level: 'warn',
        };
      if (error !== undefined)
        return {
          at: left + took,
          who,
          text: `could not deliver it (${error}, after ${time(took)}) and will again`,
          level: 'warn',
        };
      return { at: left + took, who, text: `delivered it: 200 after ${time(took)}`, level: 'good' };
    }),
  ];
}

function words({
  msg = '',
  method,
  attempt,
  waited,
  took,
  together = 1,
  lost = 0,
  after,
  reason,
  error,
}: LogLine): string {
  const why = typeof error === 'string' ? error : typeof reason === 'string' ? reason : undefined;
  switch (msg) {
    case 'stored':
      return `stored and committed in ${time(took)}${together > 1 ? `, one of ${together} in this commit` : ''}`;
    case 'sent':
      return `${method} answered by Telegram after ${time(took)}`;
    case 'attempt begins':
      return `begins attempt ${attempt}, after ${time(waited)}${lost > 0 ? `; ${lost === 1 ? 'a worker was' : `${lost} workers were`} lost over it` : ''}`;
    case 'update handled':
      return `handled it in ${time(took)}`;
    default:
      return [
        msg,
        ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
        ...(why === undefined ? [] : [why]),
        ...(after === undefined ? [] : [`again in ${time(after)}`]),
      ].join('; ');
  }
}

function lineSteps(lines: ReturnType<PlatformView['about']>): Step[] {
  return lines.flatMap(({ task, line }): Step[] => {
    let read: LogLine;
    try {
      read = JSON.parse(line) as LogLine;
    } catch {
      return [];
    }
    const at = Date.parse(read.time ?? '');
    if (Number.isNaN(at)) return [];
    return [{ at, who: task, text: words(read), level: LEVELS[read.level ?? ''] ?? 'info' }];
  });
}

/** Of the rows of `ops story`, what neither Telegram nor a log has said. */
function rowSteps({ tables }: Outcome): Step[] {
  return tables
    .flatMap(({ rows }) => rows)
    .map(({ at, what }) => ({ at: Date.parse(String(at)), text: String(what) }))
    .filter(({ text }) => !text.startsWith('stored in '))
    .map(({ at, text }): Step => {
      const level = text.startsWith('parked') ? 'bad' : SETTLED.test(text) ? 'good' : 'info';
      return { at, who: 'database', text, level };
    });
}

/** What was done to the tasks and to the database of the story while it went on. */
function eventSteps(steps: readonly Step[], events: readonly LogEntry[]): Step[] {
  const tasks = new Set(steps.map(({ who }) => who));
  const [from, to] = [Math.min(...steps.map(({ at }) => at)), Math.max(...steps.map(({ at }) => at))];
  return events
    .filter(({ at }) => at >= from && at <= to)
    .flatMap(({ at, level, text }): Step[] => {
      const [, who = '', what = ''] = /^(The database|\S+) (.*)$/.exec(text) ?? [];
      if (who === 'The database') return [{ at, who: 'database', text: what, level }];
      return tasks.has(who) ? [{ at, who, text: what, level }] : [];
    });
}

/** @param rows what `ops story` answered; undefined where nobody can ask */
export function storyOf(
  updateId: number,
  journey: Journey | undefined,
  lines: ReturnType<PlatformView['about']>,
  rows: Outcome | undefined,
  events: readonly LogEntry[],
): Story {
  const steps = [...(journey ? deliverySteps(journey) : []), ...lineSteps(lines), ...(rows ? rowSteps(rows) : [])];
  return {
    updateId,
    steps: [...steps, ...eventSteps(steps, events)].toSorted((a, b) => a.at - b.at),
    isOver: steps.some(({ who, text }) => who === 'database' && SETTLED.test(text)),
  };
}
