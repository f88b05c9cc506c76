import assert from 'node:assert/strict';
import { test } from 'node:test';
import { succeed, refuse, telegramFor, until } from './helpers.ts';

const CHAT = 42;
const OTHER = 43;

test('a rate limit answers every send with 429 and retry_after, and nothing but sends', async (t) => {
  const { telegram, call } = await telegramFor(t, { faults: { rateLimit: { retryAfter: 7 } } });
  telegram.open(CHAT);
  const limited = await call('sendMessage', { chat_id: CHAT, text: 'x' });
  assert.deepEqual(limited, {
    status: 429,
    ok: false,
    error_code: 429,
    description: 'Too Many Requests: retry after 7',
    parameters: { retry_after: 7 },
  });
  await succeed(call, 'getMe');
  telegram.faults = {};
  await succeed(call, 'sendMessage', { chat_id: CHAT, text: 'x' });
});

test('a rate limit can be one chat’s alone', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.open(CHAT);
  telegram.open(OTHER);
  telegram.faults = { rateLimit: { retryAfter: 3, chatId: CHAT } };
  await refuse(call, 'sendMessage', { chat_id: CHAT, text: 'x' }, 429, /retry after 3/);
  await succeed(call, 'sendMessage', { chat_id: OTHER, text: 'x' });
});

test('the header Retry-After goes with a 429', async (t) => {
  const { telegram } = await telegramFor(t, { faults: { rateLimit: { retryAfter: 7 } } });
  const response = await fetch(`${telegram.apiRoot}/bot${telegram.botToken}/sendMessage?chat_id=1&text=x`);
  assert.equal(response.headers.get('retry-after'), '7');
});

test('an error fault answers 500 as Telegram words it', async (t) => {
  const { call } = await telegramFor(t, { faults: { error: true } });
  await refuse(call, 'getMe', {}, 500, /^Internal Server Error$/);
});

test('latency holds back every answer, and what is faster has to wait', async (t) => {
  const { call } = await telegramFor(t, { faults: { latency: 60 } });
  const before = performance.now();
  await succeed(call, 'getMe');
  assert.ok(performance.now() - before >= 59);
});

test('a hanging API never answers and changes nothing; lost answers belong to calls that took effect', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.open(CHAT);
  const send = (text: string) =>
    fetch(`${telegram.apiRoot}/bot${telegram.botToken}/sendMessage?chat_id=${CHAT}&text=${text}`, {
      signal: AbortSignal.timeout(150),
    });
  telegram.faults = { hang: true };
  await assert.rejects(send('hung'), /aborted|timeout/i);
  telegram.faults = { loseAnswers: true };
  await assert.rejects(send('ambiguous'), /aborted|timeout/i);
  telegram.faults = {};
  await succeed(call, 'getMe');
  assert.deepEqual(
    telegram.messages(CHAT).map(({ text }) => text),
    ['ambiguous'],
  );
});

test('a flood with a rate is spread over time, and its replies are judged', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.flood({ updates: 30, chats: 3, firstChat: 100, rate: 200, text: 'please' });
  assert.ok(telegram.floodReport().said < 30, 'not all at once');
  await until(() => telegram.floodReport().said === 30, 'all said');
  assert.deepEqual(telegram.chats(), [100, 101, 102]);
  assert.equal(telegram.messages(100)[1]?.text, 'ping-3 please');
  const reply = (chat_id: number, number: number) =>
    succeed(call, 'sendMessage', { chat_id, text: `You said ping-${number} please` });
  await reply(100, 0);
  await reply(100, 6);
  await reply(100, 3); // late
  await reply(101, 1);
  await reply(101, 1); // again
  const report = telegram.floodReport();
  assert.deepEqual([report.expected, report.replied, report.outOfOrder, report.repeatedReplies], [30, 4, 1, 1]);
  assert.ok(report.latency.p50 > 0 && report.latency.p99 <= report.latency.max);
  telegram.resetFlood();
  assert.equal(telegram.floodReport().said, 0);
});
