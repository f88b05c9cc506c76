/** Whatever way a process dies, what it writes about it has no secret in it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../app/main.ts', import.meta.url));
const WATCHED = fileURLToPath(new URL('../health/fixtures/watched.ts', import.meta.url));

const SECRETS = {
  BOT_TOKEN: '123456:AA-token-of-the-bot_0123456789',
  OPERATOR_TOKEN: 'token of "the" operator',
  WEBHOOK_SECRET: 'secret-of-the-webhook',
  OPENROUTER_API_KEY: 'key-of-the-provider',
  WEB_DATABASE_PASSWORD: 'password-of-web',
  DATABASE_URL: 'postgres://web:word%25of-the-database@127.0.0.1:1/bot',
};
const TEXTS = [...Object.values(SECRETS), 'word%25of-the-database', 'word%of-the-database'];

const environment = {
  ...SECRETS,
  POSTURE: '{}',
  PUBLIC_URL: 'http://127.0.0.1:1',
  TELEGRAM_API_ROOT: 'http://127.0.0.1:1',
  HOST: '127.0.0.1',
  PORT: '0',
};

/** Runs it to its end and returns all that it wrote, on both streams. */
async function lastWords(args: string[], env: Record<string, string> = environment): Promise<string> {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (written += text));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.notEqual(code, 0, written);
  return written;
}

/** A module that does something as soon as the app listens for what nobody caught. */
const afterStart = (what: string): string =>
  `data:text/javascript,${encodeURIComponent(
    `const timer = setInterval(() => {
       if (process.listenerCount('uncaughtException') === 0) return;
       clearInterval(timer);
       ${what}
     }, 10);`,
  )}`;
const WITH_ALL = `Object.assign(new Error('with ' + Object.values(process.env).join(' ')), { env: process.env })`;

const WAYS: Record<string, { args: string[]; env?: Record<string, string>; says: RegExp }> = {
  'an error that nobody caught': {
    args: ['--import', afterStart(`throw ${WITH_ALL};`), MAIN, 'sentinel'],
    says: /unhandled error; the process ends/,
  },
  'a rejection that nobody caught': {
    args: ['--import', afterStart(`Promise.reject({ env: { ...process.env } });`), MAIN, 'sentinel'],
    says: /unhandled error; the process ends/,
  },
  'no progress': { args: [WATCHED, 'stall'], says: /no progress: the process ends itself/ },
  'a blocked event loop': { args: [WATCHED, 'block'], says: /the event loop stands still/ },
  'an environment that is refused': {
    args: [MAIN, 'web'],
    env: { ...environment, PORT: SECRETS.WEBHOOK_SECRET, BOT_TOKEN: SECRETS.OPERATOR_TOKEN },
    says: /BOT_TOKEN: malformed/,
  },
  'a start that fails': {
    args: [MAIN, 'web'],
    env: { ...environment, HOST: '192.0.2.1' },
    says: /web cannot start/,
  },
};

for (const [way, { args, env, says }] of Object.entries(WAYS))
  test(`${way}: no secret in the last words`, async () => {
    const written = await lastWords(args, env);
    assert.match(written, says);
    for (const text of TEXTS)
      for (const form of [text, JSON.stringify(text).slice(1, -1)])
        assert.ok(!written.includes(form), `${form}: ${written}`);
  });
