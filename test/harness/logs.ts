/** A logger whose lines a test can read. */
import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Logger } from '../../app/log.ts';

export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

export interface CapturedLog {
  log: Logger;
  lines: LogLine[];
  /** Lines whose message matches. */
  matching(message: RegExp): LogLine[];
}

export function captureLog(): CapturedLog {
  const lines: LogLine[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      for (const line of text.split('\n')) if (line !== '') lines.push(JSON.parse(line) as LogLine);
      done();
    },
  });
  const log = pino({ level: 'debug', formatters: { level: (label) => ({ level: label }) } }, stream);
  return { log, lines, matching: (message) => lines.filter(({ msg }) => message.test(msg)) };
}
