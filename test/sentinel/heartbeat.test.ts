/** The sign of life to whoever watches from outside of AWS. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createHandler } from '../../sentinel/handler.ts';
import { hang, json, nobody, serve, world, type Behaviour } from './servers.ts';

async function look(t: TestContext, url: string, bot?: Behaviour): Promise<string[]> {
  const urls = await world(t);
  if (bot) urls.bot.behave = bot;
  const lines: string[] = [];
  const handler = createHandler({
    posture: '{"sentinel":{"timeout":"2s"}}',
    env: {
      STACK: 'evenkeel-test',
      PUBLIC_URL: urls.bot.url,
      TELEGRAM_API_ROOT: urls.telegram.url,
      CLUSTER: 'evenkeel-test',
      SECRET_ARN: 'arn:sentinel',
    },
    readSecret: async () => JSON.stringify({ BOT_TOKEN: '1:new', OPERATOR_TOKEN: 'operator-2', HEARTBEAT_URL: url }),
    countTasks: async () => [],
    write: (line) => lines.push(line),
  });
  await handler();
  return lines;
}

const said = (lines: readonly string[]): string[] => lines.filter((line) => line.includes('heartbeat'));

test('a look at a bot that lives gives one, and says nothing of it', async (t) => {
  const outside = await serve(t, json(200, {}));
  assert.deepEqual(said(await look(t, `${outside.url}/ping/key`)), []);
  assert.deepEqual(outside.requests, [{ path: '/ping/key', authorization: undefined }]);
});

test('a bot that does not answer, or is unhealthy, gives none', async (t) => {
  const outside = await serve(t, json(200, {}));
  await look(t, outside.url, (request) => request.socket.destroy());
  await look(t, outside.url, json(503, { status: 'unhealthy' }));
  assert.deepEqual(outside.requests, []);
});

test('whoever is told and does not answer takes nothing from the metrics, and its address is not in the log', async (t) => {
  const silent = await serve(t, hang);
  const busy = await serve(t, json(500, {}));
  for (const [url, reason] of [
    [await nobody(t), 'ECONNREFUSED'],
    [busy.url, 'answered 500'],
    [silent.url, 'no answer in time'],
  ] as const) {
    const lines = await look(t, `${url}/ping/key`);
    assert.ok(lines.some((line) => line.includes('"BotHealth":0')));
    const [line, ...others] = said(lines);
    assert.ok(line!.includes(reason), line);
    assert.deepEqual(others, []);
    assert.ok(!line!.includes('key') && !line!.includes('127.0.0.1'));
  }
});
