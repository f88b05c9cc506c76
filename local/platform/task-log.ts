/** A task's output: all of it into a file, and what a person should know of at once as one line for the console. */
import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';

/** pino's numbers. */
const WARN = 40;
const LEVELS: Record<number, string> = { 40: 'warning', 50: 'error', 60: 'fatal' };
/** The same message of the same task is said once in this time, ms. */
const REPEAT_AFTER = 10_000;
/** A line longer than this is no message for a person. */
const LONGEST = 300;

interface LogLine {
  level?: number;
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
  if (typeof parsed.level !== 'number' || parsed.level < WARN) return undefined;
  const cause = typeof parsed.error === 'string' && parsed.error !== parsed.msg ? `: ${parsed.error}` : '';
  return `${LEVELS[parsed.level] ?? 'message'}: ${parsed.msg ?? ''}${cause}`.slice(0, LONGEST);
}

export interface TaskLog {
  /** Takes everything that the stream says, until it ends. */
  follow(stream: Readable): void;
  /** The last lines, for an error message. */
  tail(): string[];
  close(): Promise<void>;
}

export function openTaskLog(file: string, say: (message: string) => void): TaskLog {
  const out = createWriteStream(file, { flags: 'a' });
  // A full disk loses log lines, not the platform.
  out.on('error', () => undefined);
  const said = new Map<string, number>();
  let last: string[] = [];
  function take(line: string): void {
    last = [...last.slice(-19), line];
    // Parsing every line of a busy worker would cost more than the worker.
    if (line.startsWith('{') && /"level":[123]\d[,}]/.test(line.slice(0, 40))) return;
    const message = notable(line);
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
    close: () => new Promise((closed) => out.end(closed)),
  };
}
