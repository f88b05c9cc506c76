/** Structured logs on stdout, one JSON object a line. Known secrets are redacted wherever they slip in, others by key. */
import { inspect } from 'node:util';
import { pino, type Logger } from 'pino';

export type { Logger };

/** Shorter ones may be words that a line is made of. */
const SHORTEST_SECRET = 8;

/** @param secrets what must never be written, whatever text it is part of */
export function createLogger(role: string, level = 'info', secrets: readonly string[] = []): Logger {
  // As they stand in JSON, the longest first: one may be part of another.
  const hidden = secrets
    .filter(({ length }) => length >= SHORTEST_SECRET)
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    .toSorted((a, b) => b.length - a.length);
  const redact = (line: string) =>
    redactToken(hidden.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), line));
  return pino({
    level,
    base: { role, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: ['*.authorization', '*.token', '*.password', '*.secret', 'headers["x-telegram-bot-api-secret-token"]'],
      censor: '[redacted]',
    },
    // Stacks and texts of foreign errors may hold Telegram's URLs.
    hooks: { streamWrite: redact },
  });
}

/** The cause chain of an error on one line, without the token that Telegram's URLs carry. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at !== undefined && parts.length < 4; at = at instanceof Error ? at.cause : undefined) {
    // A thrown value may be anything: what JSON cannot hold, inspect shows.
    if (!(at instanceof Error)) parts.push(typeof at === 'string' ? at : inspect(at, { breakLength: Infinity }));
    else parts.push(at.message || ('code' in at ? String(at.code) : at.name));
  }
  return redactToken(parts.join(': ') || String(error)).replaceAll('\n', ' ');
}

/** Telegram's API carries the token in the path: it must not reach a log inside an error's text. */
export const redactToken = (text: string): string => text.replace(/\d{4,}:[A-Za-z0-9_-]{20,}/g, '[token]');

/** Passes a call on unless the one before was passed on less than `milliseconds` ago. */
export function atMostEvery<A extends unknown[]>(
  milliseconds: number,
  write: (...args: A) => void,
): (...args: A) => void {
  let last = -Infinity;
  return (...args) => {
    if (performance.now() - last < milliseconds) return;
    last = performance.now();
    write(...args);
  };
}
