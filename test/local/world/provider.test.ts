import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ProviderOptions } from '../../../local/contract/index.ts';
import { startOpenRouter } from '../../../local/world/provider/index.ts';
import { until } from './helpers.ts';

interface Completion {
  model: string;
  choices: { finish_reason: string; message: { role: string; content: string } }[];
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
  error?: { code: number; message: string };
}

async function providerFor(t: TestContext, options: ProviderOptions = {}) {
  const provider = await startOpenRouter(options);
  t.after(() => provider.stop());
  const ask = async (body: unknown, key = provider.apiKey) => {
    const response = await fetch(`${provider.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Completion };
  };
  const answer = async (...said: [role: string, content: string][]) => {
    const messages = said.map(([role, content]) => ({ role, content }));
    return (await ask({ model: 'openrouter/auto', messages })).body.choices[0]!.message.content;
  };
  return { provider, ask, answer };
}

interface Piece {
  choices: { delta: { content?: string } }[];
  usage?: object;
  error?: { code: number };
}

const ONE = { model: 'openrouter/auto', messages: [{ role: 'user', content: 'Why is the sky blue?' }] };

test('a completion has the shape of OpenRouter’s', async (t) => {
  const { provider, ask } = await providerFor(t);
  const { status, body } = await ask(ONE);
  assert.equal(status, 200);
  assert.equal(body.model, 'openrouter/auto');
  assert.equal(body.choices[0]?.message.role, 'assistant');
  assert.equal(body.choices[0]?.finish_reason, 'stop');
  assert.equal(body.usage.total_tokens, body.usage.prompt_tokens + body.usage.completion_tokens);
  await until(() => provider.stats().inFlight === 0, 'the answer has left');
  assert.deepEqual(provider.stats(), { calls: 1, failed: 0, inFlight: 0 });
});

test('the answer reflects the question and how much of the conversation came with it, the same each time', async (t) => {
  const { answer } = await providerFor(t);
  const first = await answer(['system', 'Be kind.'], ['user', 'Why is the sky blue?']);
  assert.match(first, /Why is the sky blue\?/);
  assert.match(first, /start of our conversation/);
  assert.equal(await answer(['system', 'Be kind.'], ['user', 'Why is the sky blue?']), first);
  const later = await answer(['user', 'Hello'], ['assistant', 'Hi'], ['user', 'ping-17 and now?']);
  assert.match(later, /ping-17/);
  assert.match(later, /I remember 2 earlier messages; it began with “Hello”/);
});

test('asked for code or steps it answers with a code block or a list', async (t) => {
  const { answer } = await providerFor(t);
  assert.match(await answer(['user', 'Show me some code']), /```\w+\n[\s\S]+\n```/);
  assert.match(await answer(['user', 'How do I begin?']), /^- .+\n- .+/m);
});

test('max_tokens cuts the answer short and says so', async (t) => {
  const { ask } = await providerFor(t);
  const { body } = await ask({ ...ONE, max_tokens: 5 });
  assert.equal(body.choices[0]?.finish_reason, 'length');
  assert.equal(body.usage.completion_tokens, 5);
});

test('asked for a stream, it gives the same answer in pieces, and says at the end what it took', async (t) => {
  const { provider, ask } = await providerFor(t);
  const whole = await ask(ONE);
  const answer = async () => {
    const response = await fetch(`${provider.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${provider.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...ONE, stream: true }),
    });
    assert.match(response.headers.get('content-type')!, /^text\/event-stream/);
    const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('data: {'));
    return events.map((event) => JSON.parse(event.slice(6)) as Piece);
  };
  const pieces = await answer();
  assert.equal(
    pieces.map(({ choices }) => choices[0]?.delta.content ?? '').join(''),
    whole.body.choices[0]!.message.content,
  );
  assert.ok(pieces.length > 5);
  assert.deepEqual(pieces.at(-1)!.usage, whole.body.usage);
  provider.faults = { noUsage: true };
  assert.ok((await answer()).every(({ usage }) => usage === undefined));
  provider.faults = { breaksOff: true };
  assert.equal((await answer()).at(-1)!.error?.code, 502);
  provider.faults = { cuts: true };
  await assert.rejects(answer());
});

test('a wrong key is 401, a bad body 400 with what is wrong, another path 404', async (t) => {
  const { provider, ask } = await providerFor(t);
  const wrong = await ask(ONE, 'wrong');
  assert.deepEqual([wrong.status, wrong.body.error?.code], [401, 401]);
  for (const [body, words] of [
    ['{', /not JSON/],
    [{ ...ONE, messages: [] }, /messages/],
    [{ messages: ONE.messages }, /model/],
    [{ ...ONE, messages: [{ role: 'nobody', content: 'x' }] }, /role/],
    [{ ...ONE, stream: 'please' }, /stream/],
  ] as [unknown, RegExp][]) {
    const refused = await ask(body);
    assert.equal(refused.status, 400);
    assert.match(refused.body.error!.message, words);
  }
  assert.equal((await fetch(`${provider.baseUrl}/nothing`)).status, 404);
  assert.equal(provider.stats().failed, 7);
});

test('models are listed', async (t) => {
  const { provider } = await providerFor(t);
  const { data } = (await (await fetch(`${provider.baseUrl}/models`)).json()) as { data: { id: string }[] };
  assert.ok(data.some(({ id }) => id === 'openrouter/auto'));
});

test('faults: 500, 429 with Retry-After, latency, and no answer at all until the end', async (t) => {
  const { provider, ask } = await providerFor(t, { faults: { error: true } });
  assert.equal((await ask(ONE)).status, 500);
  provider.faults = { rateLimit: true };
  const limited = await ask(ONE);
  assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '1']);
  provider.faults = { latency: 50 };
  const before = performance.now();
  assert.equal((await ask(ONE)).status, 200);
  assert.ok(performance.now() - before >= 49);
  provider.faults = { hang: true };
  const hanging = assert.rejects(ask(ONE));
  await until(() => provider.stats().inFlight === 1, 'a call hangs');
  await provider.stop();
  await hanging;
});
