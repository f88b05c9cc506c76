/** The webhook resource against a Bot API server, in the form in which the engine runs it. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, describe, test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { startTelegram } from '../../../local/world/telegram/index.ts';
import { serialised } from '../dynamic.ts';

const provider: { it: Awaited<ReturnType<typeof serialised>> } = { it: undefined! };
before(async () => {
  provider.it = await serialised('Webhook');
});

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The bot's public address: `/health` answers, and so does the webhook. */
const bot = (t: TestContext, status = 200) =>
  serve(t, (_request, response) => response.writeHead(status, { 'content-type': 'application/json' }).end('{}'));

/** Passes calls on to a Bot API and writes down which methods were called. */
async function recorded(t: TestContext, apiRoot: string): Promise<{ root: string; methods: string[] }> {
  const methods: string[] = [];
  const root = await serve(t, (request, response) => {
    methods.push(request.url!.split('/').at(-1)!);
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(apiRoot + request.url!, { method: 'POST', headers, body: Buffer.concat(chunks) });
      response.writeHead(answer.status, headers).end(await answer.text());
    })();
  });
  return { root, methods };
}

async function setting(t: TestContext) {
  const telegram = await startTelegram();
  t.after(() => telegram.stop());
  const { root, methods } = await recorded(t, telegram.apiRoot);
  const address = await bot(t);
  const inputs = {
    apiRoot: root,
    token: telegram.botToken,
    url: `${address}/telegram/webhook`,
    secret: 'secret-of-the-webhook',
    maxConnections: 40,
    allowedUpdates: ['message', 'callback_query'],
    patience: 100,
  };
  const call = async (method: string, body: object = {}) => {
    const response = await fetch(`${telegram.apiRoot}/bot${telegram.botToken}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return ((await response.json()) as { result?: Record<string, unknown> }).result;
  };
  return { telegram, inputs, methods, call, address };
}

/** A Bot API that answers each method as told. */
const standIn = (t: TestContext, answers: Record<string, object>) =>
  serve(t, (request, response) => {
    const method = request.url!.split('/').at(-1)!;
    const answer = answers[method] ?? { ok: false, error_code: 404, description: 'Not Found' };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });

describe('create', () => {
  test('points Telegram at the bot with everything that the posture says', async (t) => {
    const { inputs, call, methods, telegram } = await setting(t);
    const { id, outs } = await provider.it.create(inputs);
    assert.equal(id, `webhook-${telegram.botToken.split(':')[0]}`);
    assert.deepEqual(outs, inputs);
    const info = (await call('getWebhookInfo'))!;
    assert.equal(info['url'], inputs.url);
    assert.equal(info['max_connections'], 40);
    assert.deepEqual((info['allowed_updates'] as string[]).sort(), ['callback_query', 'message']);
    assert.deepEqual(methods, ['getWebhookInfo', 'setWebhook', 'getWebhookInfo']);
  });

  test('with a wrong token ends in one clear line that does not show it', async (t) => {
    const { inputs, methods } = await setting(t);
    await assert.rejects(
      provider.it.create({ ...inputs, token: '123456:wrong-wrong-wrong-wrong' }),
      (error: Error) =>
        error.message ===
        'Telegram says 401 Unauthorized: the bot token is wrong. Set it: pulumi config set --secret evenkeel:botToken <token>',
    );
    assert.deepEqual(methods, ['getWebhookInfo']);
  });

  test('with Telegram away ends in one line that does not show the token', async (t) => {
    const { inputs } = await setting(t);
    await assert.rejects(provider.it.create({ ...inputs, apiRoot: 'http://127.0.0.1:1' }), (error: Error) => {
      assert.match(error.message, /^getWebhookInfo: no answer from http:\/\/127\.0\.0\.1:1 \(/);
      return !error.message.includes(inputs.token);
    });
  });

  test('leaves the webhook alone while nobody answers at the new address', async (t) => {
    const { inputs, methods } = await setting(t);
    await assert.rejects(
      provider.it.create({ ...inputs, url: 'http://127.0.0.1:1/telegram/webhook' }),
      /^Error: http:\/\/127\.0\.0\.1:1\/health does not answer \(.+\): Telegram could not reach the bot either/,
    );
    assert.ok(!methods.includes('setWebhook'));
  });

  test('leaves the webhook alone while something else answers there', async (t) => {
    const { inputs } = await setting(t);
    const elsewhere = await bot(t, 404);
    await assert.rejects(
      provider.it.create({ ...inputs, url: `${elsewhere}/telegram/webhook` }),
      /\/health answers 404/,
    );
  });

  test('takes a bot that says it is unhealthy for one that is reached', async (t) => {
    const { inputs } = await setting(t);
    const unhealthy = await bot(t, 503);
    await provider.it.create({ ...inputs, url: `${unhealthy}/telegram/webhook` });
  });

  test("passes on Telegram's own words where it cannot reach the address", async (t) => {
    const { inputs } = await setting(t);
    const description = 'Bad Request: bad webhook: Failed to resolve host: Name or service not known';
    const apiRoot = await standIn(t, {
      getWebhookInfo: { ok: true, result: { url: '', pending_update_count: 0 } },
      setWebhook: { ok: false, error_code: 400, description },
    });
    await assert.rejects(provider.it.create({ ...inputs, apiRoot }), (error: Error) => {
      assert.equal(error.message, `The webhook ${inputs.url} could not be set. Telegram says 400 ${description}`);
      return true;
    });
  });

  test('fails when Telegram then reports another webhook', async (t) => {
    const { inputs } = await setting(t);
    const apiRoot = await standIn(t, {
      getWebhookInfo: { ok: true, result: { url: 'https://elsewhere.example.com/hook', max_connections: 40 } },
      setWebhook: { ok: true, result: true },
    });
    await assert.rejects(
      provider.it.create({ ...inputs, apiRoot }),
      /Telegram reports another webhook: url is "https:\/\/elsewhere\.example\.com\/hook", wanted .*; allowed_updates is /,
    );
  });

  test('fails when the updates that wait cannot be delivered', async (t) => {
    const { inputs } = await setting(t);
    const apiRoot = await standIn(t, {
      getWebhookInfo: {
        ok: true,
        result: {
          url: inputs.url,
          max_connections: 40,
          allowed_updates: inputs.allowedUpdates,
          pending_update_count: 3,
          last_error_date: Math.floor(Date.now() / 1000) + 60,
          last_error_message: 'Wrong response from the webhook: 403 Forbidden',
        },
      },
      setWebhook: { ok: true, result: true },
    });
    await assert.rejects(
      provider.it.create({ ...inputs, apiRoot }),
      /Telegram cannot deliver to .*: Wrong response from the webhook: 403 Forbidden/,
    );
  });
});

describe('update', () => {
  test('sets over what stands and never deletes: no moment without a webhook', async (t) => {
    const { inputs, call, methods } = await setting(t);
    const { id, outs } = await provider.it.create(inputs);
    await provider.it.update(id, outs!, { ...inputs, maxConnections: 50 });
    assert.equal((await call('getWebhookInfo'))?.['max_connections'], 50);
    assert.ok(!methods.includes('deleteWebhook'));
  });
});

describe('diff', () => {
  const inputs = {
    apiRoot: 'https://api.telegram.org',
    token: '123:a',
    url: 'https://bot.example.com/telegram/webhook',
    secret: 's',
    maxConnections: 40,
    allowedUpdates: ['message', 'callback_query'],
    patience: 1,
  };
  const diff = (changes: object) => provider.it.diff('webhook-123', inputs, { ...inputs, ...changes });

  test('sees no change in another order or another patience', async () => {
    assert.equal((await diff({ allowedUpdates: ['callback_query', 'message'], patience: 2 })).changes, false);
  });

  test('is an update for every value that Telegram is told', async () => {
    for (const changes of [
      { url: 'https://x.example.com/' },
      { secret: 't' },
      { maxConnections: 1 },
      { token: '123:b' },
    ])
      assert.deepEqual(await diff(changes), { changes: true, replaces: [], deleteBeforeReplace: false });
  });

  test('is a replacement for another bot, whose webhook is set before the old one goes', async () => {
    assert.deepEqual(await diff({ token: '456:a' }), {
      changes: true,
      replaces: ['token'],
      deleteBeforeReplace: false,
    });
  });
});

describe('refresh', () => {
  test('shows what somebody else has set, and the next up sets it right', async (t) => {
    const { inputs, call } = await setting(t);
    const { id, outs } = await provider.it.create(inputs);
    const theirs = { url: 'http://127.0.0.1:9/somebody-else', max_connections: 1 };
    // Telegram takes one setWebhook a second.
    while ((await call('setWebhook', theirs)) === undefined) await setImmediate();
    const { props } = await provider.it.read(id, outs);
    assert.equal(props!['url'], 'http://127.0.0.1:9/somebody-else');
    assert.equal(props!['maxConnections'], 1);
    assert.equal((await provider.it.diff(id, props!, inputs)).changes, true);
    await provider.it.update(id, props!, inputs);
    assert.equal((await call('getWebhookInfo'))?.['url'], inputs.url);
  });
});

describe('refresh', () => {
  test('passes with a token that was revoked, and the next up sets the webhook with the new one', async (t) => {
    const { inputs, call } = await setting(t);
    const { id, outs } = await provider.it.create(inputs);
    const dead = { ...outs!, token: '100001:of-another-time' };
    const { props } = await provider.it.read(id, dead);
    assert.equal(props!['url'], '');
    assert.equal((await provider.it.diff(id, props!, inputs)).changes, true);
    await provider.it.update(id, props!, inputs);
    assert.equal((await call('getWebhookInfo'))?.['url'], inputs.url);
  });

  test('passes while Telegram does not answer', async (t) => {
    const { inputs } = await setting(t);
    const { id, outs } = await provider.it.create(inputs);
    const { props } = await provider.it.read(id, { ...outs!, apiRoot: 'http://127.0.0.1:9' });
    assert.equal(props!['url'], '');
  });
});

describe('delete', () => {
  test('takes our own webhook away', async (t) => {
    const { inputs, call } = await setting(t);
    const { id, outs } = await provider.it.create(inputs);
    await provider.it.delete(id, outs!);
    assert.equal((await call('getWebhookInfo'))?.['url'], '');
  });

  test("leaves somebody else's alone", async (t) => {
    const { inputs, call, address } = await setting(t);
    await call('setWebhook', { url: `${address}/another` });
    await provider.it.delete('webhook-1', inputs);
    assert.equal((await call('getWebhookInfo'))?.['url'], `${address}/another`);
  });

  test('has nothing to do where the token is no longer valid', async (t) => {
    const { inputs } = await setting(t);
    await provider.it.delete('webhook-1', { ...inputs, token: '123456:revoked-revoked-revoked' });
  });
});
