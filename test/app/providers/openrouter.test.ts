import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createOpenRouter, OpenRouterEmpty, OpenRouterRefusal } from '../../../app/providers/openrouter.ts';
import { ProviderFailure } from '../../../app/providers/policy.ts';
import { resolve } from '../../../posture/resolve.ts';
import { captureLog } from '../../harness/logs.ts';

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  json?: object;
  /** A stream, as these pieces come one after the other; `cut`: the connection ends without the end of it. */
  pieces?: (string | Uint8Array)[];
  end?: 'whole' | 'cut' | 'never';
}

async function reply(response: ServerResponse, { status = 200, headers = {}, json, pieces, end = 'whole' }: Answer) {
  if (!pieces) return response.writeHead(status, headers).end(JSON.stringify(json));
  response.writeHead(status, { 'content-type': 'text/event-stream', ...headers });
  for (const piece of pieces) {
    response.write(piece);
    // So that each leaves for itself.
    await setImmediate();
  }
  if (end === 'cut') return response.destroy();
  return end === 'whole' ? response.end() : response;
}

/** A provider that gives these answers, one after another, and the last one for ever. */
async function provider(t: TestContext, answers: Answer[], attempts = 1) {
  let calls = 0;
  const server = createServer((request, response) => {
    const answer = answers[Math.min(calls++, answers.length - 1)]!;
    request.resume().on('end', () => void reply(response, answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close().closeAllConnections());
  const openrouter = createOpenRouter(
    resolve({ providers: { openrouter: { attempts, backoff: '10ms', idle: '300ms' } } }),
    { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey: 'k' },
    captureLog().log,
  );
  t.after(() => openrouter.close());
  const heard: string[] = [];
  const hear = (text: string) => void heard.push(text);
  const ask = () => openrouter.complete([{ role: 'user', content: 'hm?' }], new AbortController().signal, hear);
  return { openrouter, ask, heard, calls: () => calls };
}

const choices = [{ message: { content: 'well' } }];
const good = { json: { id: 'gen-1', choices, usage: { prompt_tokens: 3, completion_tokens: 2, cost: 0.0001 } } };
const unknown = (error: unknown) => error instanceof ProviderFailure && error.outcome === 'unknown';

test('an answer says what it took, and its name', async (t) => {
  const { ask } = await provider(t, [good]);
  assert.deepEqual(await ask(), {
    text: 'well',
    id: 'gen-1',
    usage: { promptTokens: 3, completionTokens: 2, cost: 0.0001 },
  });
});

test('an answer without usage is an answer all the same', async (t) => {
  const { ask } = await provider(t, [{ json: { choices, usage: { prompt_tokens: 'many' } } }]);
  assert.deepEqual(await ask(), { text: 'well', id: undefined, usage: undefined });
});

test('an error inside a 200 is one, and is not asked again: the model may have been paid for what it wrote', async (t) => {
  for (const json of [
    { error: { code: 502, message: 'upstream' } },
    { error: { code: 'server_error', message: 'upstream' } },
    { choices: [{ finish_reason: 'error', error: { code: 502, message: 'upstream' }, message: { content: 'we' } }] },
    { choices: [] },
  ]) {
    const { ask, calls } = await provider(t, [{ json }, good], 3);
    await assert.rejects(ask(), unknown, JSON.stringify(json));
    assert.equal(calls(), 1);
  }
  const { ask } = await provider(t, [{ json: { error: { code: 403, message: 'flagged' } } }]);
  await assert.rejects(ask(), OpenRouterRefusal);
});

test('402: our account is empty, until an answer comes; with Retry-After it is not', async (t) => {
  const empty = { status: 402, json: { error: { code: 402, message: 'Insufficient credits' } } };
  const { ask, openrouter } = await provider(t, [empty, good]);
  assert.equal(openrouter.state().balanceEmpty, 0);
  await assert.rejects(ask(), OpenRouterEmpty);
  assert.equal(openrouter.state().balanceEmpty, 1);
  await ask();
  assert.equal(openrouter.state().balanceEmpty, 0);

  const busy = await provider(t, [{ ...empty, headers: { 'retry-after': '2' } }, good], 2);
  assert.equal((await busy.ask()).text, 'well');
  assert.deepEqual([busy.calls(), busy.openrouter.state().balanceEmpty], [2, 0]);
});

const event = (json: object) => `data: ${JSON.stringify(json)}\n\n`;
const said = (content: string, finish: string | null = null) =>
  event({ id: 'gen-2', choices: [{ delta: { role: 'assistant', content }, finish_reason: finish }] });
const took = event({ id: 'gen-2', choices: [], usage: { prompt_tokens: 9, completion_tokens: 4, cost: 0.01 } });
const DONE = 'data: [DONE]\n\n';
const whole = { text: 'well, yes', id: 'gen-2', usage: { promptTokens: 9, completionTokens: 4, cost: 0.01 } };

test('an answer in pieces is told of as it comes, and says at its end what it took', async (t) => {
  const pieces = [': OPENROUTER PROCESSING\n\n', said('well'), said(', yes'), said('', 'stop'), took, DONE];
  const { ask, heard } = await provider(t, [{ pieces }]);
  assert.deepEqual(await ask(), whole);
  assert.deepEqual(heard, ['well', 'well, yes']);
});

test('pieces may end anywhere: in a character, in a line end, in the middle of an event', async (t) => {
  const text = 'é 漢 😀 end';
  const bytes = Buffer.from([said(text), said('', 'stop'), DONE].join('').replaceAll('\n', '\r\n'));
  const pieces = Array.from(bytes, (byte) => new Uint8Array([byte]));
  const { ask } = await provider(t, [{ pieces }]);
  assert.equal((await ask()).text, text);
});

test('an answer that ended is whole, though what it took, or the end of its stream, never comes', async (t) => {
  const ended = [said('well'), said(', yes', 'stop')];
  for (const answer of [
    { pieces: ended, end: 'cut' },
    { pieces: ended, end: 'whole' },
    { pieces: [...ended, DONE], end: 'never' },
    { pieces: [...ended, event({ usage: { prompt_tokens: -1, completion_tokens: 1.5 } }), DONE] },
  ] satisfies Answer[]) {
    const { ask, openrouter } = await provider(t, [answer]);
    assert.deepEqual(await ask(), { ...whole, usage: undefined });
    assert.equal(openrouter.state().failures, 0);
  }
});

test('a stream that is cut, falls silent, fails inside or is no stream: what was heard stands, and it is not asked again', async (t) => {
  const failed = event({
    error: { code: 'server_error', message: 'gone' },
    choices: [{ delta: { content: '' }, finish_reason: 'error' }],
  });
  for (const answer of [
    { pieces: [said('well')], end: 'cut' },
    { pieces: [said('well')], end: 'whole' },
    { pieces: [said('well')], end: 'never' },
    { pieces: [said('well'), failed, DONE] },
    { pieces: [said('well'), 'data: {"half\n\n', DONE] },
  ] satisfies Answer[]) {
    const { ask, heard, calls } = await provider(t, [answer, good], 3);
    await assert.rejects(ask(), unknown, JSON.stringify(answer));
    assert.deepEqual([heard, calls()], [['well'], 1]);
  }
  const flagged = event({ error: { code: 403, message: 'flagged' } });
  await assert.rejects((await provider(t, [{ pieces: [said('we'), flagged] }])).ask(), OpenRouterRefusal);
  const empty = event({ error: { code: 402, message: 'Insufficient credits' } });
  await assert.rejects((await provider(t, [{ pieces: [said('we'), empty] }])).ask(), OpenRouterEmpty);
});

test('a stream without end is cut at a size that no answer has', async (t) => {
  const { ask } = await provider(t, [
    { pieces: Array.from({ length: 300 }, () => said('x'.repeat(16_000))), end: 'never' },
  ]);
  await assert.rejects(ask(), unknown);
});
