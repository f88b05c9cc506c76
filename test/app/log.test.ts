import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { describeError, redactToken } from '../../app/log.ts';

const TOKEN = '7200123456:AAF-3kq_9Zt0aBcDeFgHiJkLmNoPqRsTuVw';

/** What a logger writes to standard output, which only a process of its own can show. */
function written(statements: string): string {
  const code = `import { createLogger } from ${JSON.stringify(new URL('../../app/log.ts', import.meta.url).href)};
    const log = createLogger('web'); ${statements}`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
}

test('a line is one JSON object with time, level, role and process', () => {
  const line = JSON.parse(written(`log.warn({ lane: 'a' }, 'two\\nlines');`)) as Record<string, unknown>;
  assert.equal(line['level'], 'warn');
  assert.equal(line['role'], 'web');
  assert.equal(line['lane'], 'a');
  assert.equal(line['msg'], 'two\nlines');
  assert.match(String(line['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(typeof line['pid'], 'number');
});

test('secrets are redacted by key, and bot tokens wherever they are', () => {
  const text = written(`
    log.info({ env: { token: 'hush-1', password: 'hush-2', secret: 'hush-3' } }, 'environment');
    log.info({ headers: { 'x-telegram-bot-api-secret-token': 'hush-4', authorization: 'hush-5' } }, 'headers');
    log.error({ stack: 'Error: GET https://api.telegram.org/bot${TOKEN}/getMe' }, 'failed at /bot${TOKEN}/getMe');`);
  assert.doesNotMatch(text, /hush/);
  assert.ok(!text.includes(TOKEN.split(':')[1]!));
  assert.equal(text.match(/\[redacted\]/g)?.length, 5);
  assert.equal(text.match(/\[token\]/g)?.length, 2);
});

test('an error is described on one line with its causes, and without the token', () => {
  const error = new Error('cannot\nsend', {
    cause: new Error(`POST /bot${TOKEN}/sendMessage`, { cause: Object.assign(new Error(''), { code: 'ECONNRESET' }) }),
  });
  assert.equal(describeError(error), 'cannot send: POST /bot[token]/sendMessage: ECONNRESET');
});

test('whatever was thrown can be described, even an error that is its own cause', () => {
  const circle = new Error('circle');
  circle.cause = circle;
  assert.equal(describeError(circle), 'circle: circle: circle: circle');
  assert.equal(describeError('text'), 'text');
  assert.equal(describeError({ a: 1 }), '{ a: 1 }');
  assert.equal(describeError(null), 'null');
  assert.equal(describeError(undefined), 'undefined');
  assert.match(describeError(circular()), /Circular/);
  assert.equal(describeError(10n), '10n');
});

test('times and addresses are not taken for tokens', () => {
  const text = 'at 2026-07-01T10:00:00 connect ECONNREFUSED 127.0.0.1:5432, chat 123456:pre:7';
  assert.equal(redactToken(text), text);
});

function circular(): object {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
}
