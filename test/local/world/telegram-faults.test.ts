import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedTelegram, TelegramFaults } from '../../../local/contract/index.ts';
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

/** What a client gets that reads whatever comes: status and body, or nothing. */
async function raw(telegram: SimulatedTelegram, method: string, text = 'x'): Promise<string> {
  const url = `${telegram.apiRoot}/bot${telegram.botToken}/${method}?chat_id=${CHAT}&text=${text}`;
  return fetch(url).then(
    async (response) => `${response.status} ${await response.text().catch(() => 'and then nothing')}`,
    () => 'nothing',
  );
}

test('answers that are spoilt belong to calls that took effect; a gateway may stand before them', async (t) => {
  const { telegram } = await telegramFor(t);
  telegram.open(CHAT);
  const spoilt: [TelegramFaults, RegExp][] = [
    [{ spoiltAnswers: 'null' }, /^200 null$/],
    [{ spoiltAnswers: 'malformed' }, /^200 \{"ok":true.*[^}]\}$/],
    [{ spoiltAnswers: 'cut' }, /^200 and then nothing$/],
    [{ spoiltAnswers: 'reset' }, /^nothing$/],
    [{ lateAnswers: 30 }, /^200 \{"ok":true/],
    [{ gateway: { status: 502, delivered: true } }, /^502 <html>.*Bad Gateway/],
    [{ gateway: { status: 504, delivered: true } }, /^504 <html>.*Gateway Time-out/],
  ];
  for (const [index, [faults, seen]] of spoilt.entries()) {
    telegram.faults = faults;
    assert.match(await raw(telegram, 'sendMessage'), seen);
    assert.equal(telegram.messages(CHAT).length, index + 1, JSON.stringify(faults));
    telegram.faults = { ...faults, sendsOnly: true };
    assert.match(await raw(telegram, 'getMe'), /^200 \{"ok":true,"result"/);
  }
  telegram.faults = { gateway: { status: 502, delivered: false } };
  assert.match(await raw(telegram, 'sendMessage'), /^502/);
  assert.equal(telegram.messages(CHAT).length, spoilt.length);
});

test('a group that moved names its new id, and where the bot may not write it is told so', async (t) => {
  const { telegram, call } = await telegramFor(t, {
    faults: { migrated: { '-42': -1042 }, forbidden: { [OTHER]: 'TOPIC_CLOSED' } },
  });
  telegram.open(OTHER);
  const moved = await call('sendMessage', { chat_id: -42, text: 'x' });
  assert.deepEqual([moved.error_code, moved.parameters], [400, { migrate_to_chat_id: -1042 }]);
  await refuse(call, 'sendMessage', { chat_id: OTHER, text: 'x' }, 400, /^Bad Request: TOPIC_CLOSED$/);
});

test('half of a surrogate pair is no text, and neither is what nobody sees', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.open(CHAT);
  await refuse(call, 'sendMessage', { chat_id: CHAT, text: 'half \ud83d' }, 400, /strings must be encoded in UTF-8/);
  for (const text of ['', ' ', '\u200b', '\u2800\ufeff'])
    await refuse(call, 'sendMessage', { chat_id: CHAT, text }, 400, /message text is empty/);
  await succeed(call, 'sendMessage', { chat_id: CHAT, text: '\\ud83d 😀' });
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
