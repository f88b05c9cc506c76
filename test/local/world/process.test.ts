import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { spawnWorld } from '../../../local/world/remote.ts';
import { caller, refuse, succeed, webhookFor } from './helpers.ts';

const MAIN = fileURLToPath(new URL('../../../local/world/main.ts', import.meta.url));
const CHAT = 42;

async function worldFor(t: TestContext, args: string[] = []) {
  const world = await spawnWorld(args);
  t.after(() => world.stop());
  return { ...world, call: caller(world) };
}

async function run(args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (said.out += String(chunk)));
  child.stderr.on('data', (chunk) => (said.err += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

test('the world runs as a process of its own and is driven over HTTP', async (t) => {
  const { telegram, provider, call, baseUrl, apiKey } = await worldFor(t, ['--keep', '50', '--time-scale', '50']);
  const hook = await webhookFor(t);
  await succeed(call, 'setWebhook', { url: hook.url });
  const first = await telegram.say(CHAT, 'hello', 'Ada');
  assert.equal(await telegram.edit(CHAT, 1, 'hello again'), first + 1);
  assert.equal(await telegram.tap(CHAT, 1, 'go'), first + 2);
  assert.equal(await telegram.preCheckout(CHAT, 'order'), first + 3);
  while ((await telegram.stats()).pending > 0) await pause(5);
  assert.deepEqual(new Set(hook.texts()), new Set(['hello', 'hello again', 'go', 'order']));
  await telegram.open(7);
  assert.deepEqual(await telegram.chats(), [CHAT, 7]);
  assert.deepEqual(
    (await telegram.messages(CHAT)).map(({ text, edited }) => [text, edited]),
    [['hello again', true]],
  );
  await telegram.setFaults({ rateLimit: { retryAfter: 2, chatId: 7 } });
  assert.deepEqual(await telegram.faults(), { rateLimit: { retryAfter: 2, chatId: 7 } });
  await refuse(call, 'sendMessage', { chat_id: 7, text: 'x' }, 429, /retry after 2/);
  await provider.setFaults({ error: true });
  const asked = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: '{}',
  });
  assert.equal(asked.status, 500);
  assert.equal((await provider.stats()).failed, 1);
});

test('a flood is started, watched and forgotten over HTTP', async (t) => {
  const { telegram, call } = await worldFor(t);
  const hook = await webhookFor(t);
  await succeed(call, 'setWebhook', { url: hook.url });
  await telegram.flood({ updates: 500, chats: 20, duplicates: 2 });
  while ((await telegram.floodReport()).acknowledged < 500) await pause(5);
  const delivered = new Set(hook.deliveries.map(({ update }) => update.update_id));
  const acknowledged = await telegram.floodAcknowledged();
  assert.equal(acknowledged.length, 500);
  assert.ok(acknowledged.every((id) => delivered.has(id)));
  assert.deepEqual(await telegram.faults(), { duplicates: 2 });
  await telegram.resetFlood();
  assert.equal((await telegram.floodReport()).said, 0);
});

test('a wrong order is refused in one line that says what is wrong', async (t) => {
  const { telegram, apiRoot } = await worldFor(t);
  await assert.rejects(telegram.say(CHAT, ''), /POST \/control\/say: text: /);
  await assert.rejects(telegram.setFaults({ hangg: true } as object), /Unrecognized key: "hangg"/);
  await assert.rejects(telegram.edit(CHAT, 1, 'x'), /chat 42 not found: its user has to say something first/);
  const unknown = await fetch(`${apiRoot}/control/nothing`);
  assert.equal(unknown.status, 404);
  assert.match(((await unknown.json()) as { error: string }).error, /no GET nothing: there is POST say, /);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  test(`${signal} ends the process cleanly, whatever is under way`, async (t) => {
    const child = spawn(process.execPath, [MAIN], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { apiRoot, botToken } = JSON.parse(line.toString()) as { apiRoot: string; botToken: string };
    const polling = assert.rejects(fetch(`${apiRoot}/bot${botToken}/getUpdates?timeout=50`));
    while (((await (await fetch(`${apiRoot}/control/stats`)).json()) as { calls: number }).calls === 0) await pause(5);
    child.kill(signal);
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0);
    await polling;
  });

test('it ends with the process that started it where that is asked for', async (t) => {
  const child = spawn(process.execPath, [MAIN, '--until-stdin-ends'], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  child.stdin.end();
  const [code] = (await once(child, 'exit')) as [number | null];
  assert.equal(code, 0);
});

test('--help explains, and a bad option is one line with exit code 1', async () => {
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  assert.match(help.out, /--time-scale N/);
  const bad = await run(['--port', 'many']);
  assert.deepEqual([bad.code, bad.err.trim()], [1, '--port takes a number, not "many"']);
});
