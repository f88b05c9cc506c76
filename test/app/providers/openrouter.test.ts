import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createOpenRouter, OpenRouterEmpty, OpenRouterRefusal } from '../../../app/providers/openrouter.ts';
import { ProviderFailure } from '../../../app/providers/policy.ts';
import { resolve } from '../../../posture/resolve.ts';
import { captureLog } from '../../harness/logs.ts';

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  json: object;
}

/** A provider that gives these answers, one after another, and the last one for ever. */
async function provider(t: TestContext, answers: Answer[], attempts = 1) {
  let calls = 0;
  const server = createServer((request, response) => {
    const { status = 200, headers = {}, json } = answers[Math.min(calls++, answers.length - 1)]!;
    request.resume().on('end', () => response.writeHead(status, headers).end(JSON.stringify(json)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const openrouter = createOpenRouter(
    resolve({ providers: { openrouter: { attempts, backoff: '10ms' } } }),
    { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey: 'k' },
    captureLog().log,
  );
  t.after(() => openrouter.close());
  const ask = () => openrouter.complete([{ role: 'user', content: 'hm?' }], new AbortController().signal);
  return { openrouter, ask, calls: () => calls };
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
