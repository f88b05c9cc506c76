/** A task's output: all of it into a file, and what a person should know of at once as one line for the console. */
import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';

const LOUD: Record<string, string> = { warn: 'warning', error: 'error', fatal: 'fatal' };
/** As the app writes its lines: the level comes first. */
const QUIET = /^\{"level":"(?:trace|debug|info)"/;
/** What a worker says that has taken over the chats of lost ones (app/lanes/leases.ts). */
const TAKES_OVER = 'workers were lost; their chats are taken over';
const NAMES_UPDATE = '"updateId":';
/** Lines that name an update and are kept at hand; the file has all of them. */
const KEPT = 2_000;
/** The same message of the same task is said once in this time, ms. */
const REPEAT_AFTER = 10_000;
/** A line longer than this is no message for a person. */
const LONGEST = 300;

interface LogLine {
  level?: string;
  msg?: string;
  error?: unknown;
}

/** The one-liner of a line that is a warning or worse or no log line at all; undefined for all others. */
export function notable(line: string): string | undefined {
  if (line.trim() === '') return undefined;
  let parsed: LogLine;
  try {
    parsed = JSON.parse(line) as LogLine;
  } catch {
    return line.slice(0, LONGEST);
  }
  const loud = LOUD[parsed.level ?? ''];
  if (loud === undefined) return undefined;
  const cause = typeof parsed.error === 'string' && parsed.error !== parsed.msg ? `: ${parsed.error}` : '';
  return `${loud}: ${parsed.msg ?? ''}${cause}`.slice(0, LONGEST);
}

export interface TaskLog {
  /** Takes everything that the stream says, until it ends. */
  follow(stream: Readable): void;
  /** The last lines, for an error message. */
  tail(): string[];
  /** When this task has taken over the chats of lost workers, Unix time in ms. */
  takeovers(): number[];
  /** The last lines that name this update, as they were written. */
  about(updateId: number): string[];
  close(): Promise<void>;
}

export function openTaskLog(file: string, say: (message: string) => void): TaskLog {
  const out = createWriteStream(file, { flags: 'a' });
  // A full disk loses log lines, not the platform.
  out.on('error', () => undefined);
  const said = new Map<string, number>();
  let last: string[] = [];
  let named: string[] = [];
  const takeovers: number[] = [];
  function take(line: string): void {
    last = [...last.slice(-19), line];
    if (line.includes(NAMES_UPDATE)) {
      named.push(line);
      // Cut at twice the length, so that the cost of cutting is shared by many lines.
      if (named.length >= 2 * KEPT) named = named.slice(-KEPT);
    }
    // Parsing every line of a busy worker would cost more than the worker.
    if (QUIET.test(line)) return;
    const message = notable(line);
    if (message?.includes(TAKES_OVER)) takeovers.push(Date.now());
    if (message === undefined || Date.now() - (said.get(message) ?? 0) < REPEAT_AFTER) return;
    if (said.size > 200) said.clear();
    said.set(message, Date.now());
    say(message);
  }
  return {
    follow(stream) {
      let rest = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        out.write(chunk);
        const lines = (rest + chunk).split('\n');
        rest = lines.pop()!;
        lines.forEach(take);
      });
      stream.on('end', () => rest && take(rest));
    },
    tail: () => last,
    takeovers: () => takeovers,
    about(updateId) {
      const names = new RegExp(`${NAMES_UPDATE}${updateId}\\b`);
      return named.filter((line) => names.test(line));
    },
    close: () => new Promise((closed) => out.end(closed)),
  };
}
