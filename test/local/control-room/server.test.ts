import assert from 'node:assert/strict';
import { request } from 'node:http';
import { suite, test, type TestContext } from 'node:test';
import type { Operator } from '../../../local/control-room/desk/operator.ts';
import { startControlRoom, type ControlRoomOptions } from '../../../local/control-room/server.ts';
import type { ChatMessage } from '../../../local/contract/index.ts';
import { resolve } from '../../../posture/resolve.ts';
import { fakePayer, fakePlatform, fakeProvider, fakeTelegram } from './fakes.ts';
import { openStream } from './stream.ts';

interface Snapshot {
  posture: { stack: string; web: { connectionLimit: number } };
  rooms: { id: number; name: string; messages: ChatMessage[] }[] | null;
  sections: { tasks: { id: string }[] };
}
interface Change {
  tasks?: { id: string; state: string; frozen: boolean }[];
  database?: { state: string };
}

async function start(t: TestContext, changes: Partial<ControlRoomOptions> = {}) {
  const telegram = fakeTelegram();
  const provider = fakeProvider();
  const platform = fakePlatform();
  const room = await startControlRoom({
    port: 0,
    host: '127.0.0.1',
    telegram,
    provider,
    platform,
    posture: resolve({}),
    stack: 'local',
    ...changes,
  });
  t.after(async () => {
    await room.stop();
    await telegram.stop();
  });
  return { ...room, telegram, provider, platform };
}

async function post(url: string, path: string, body: unknown = {}, headers: Record<string, string> = {}) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> & { error?: string } };
}

/** A request whose Host header is what we say, which fetch does not allow. */
const asHost = (url: string, host: string, path = '/') =>
  new Promise<number>((resolve, reject) => {
    const { port } = new URL(url);
    request({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });

suite('events', () => {
  test('a page gets the whole state first, then what changes', async (t) => {
    const { url, platform } = await start(t);
    const stream = await openStream(url);
    t.after(() => stream.close());
    const snapshot = await stream.next<Snapshot>('snapshot');
    assert.equal(stream.events[0]?.event, 'snapshot');
    assert.equal(snapshot.posture.stack, 'local');
    assert.ok(snapshot.posture.web.connectionLimit > 0);
    assert.deepEqual(
      snapshot.sections.tasks.map(({ id }) => id),
      ['web-1', 'web-2', 'worker-1', 'worker-2'],
    );
    assert.equal(snapshot.rooms?.length, 1);

    platform.db.state = 'restarting';
    const change = await stream.next<Change>('change', ({ database }) => database?.state === 'restarting');
    assert.equal(change.tasks, undefined, 'what did not change is not sent again');
    const line = await stream.next<{ text: string }>('log');
    assert.equal(line.text, 'The database is restarting');
  });

  test('chat events come at once, and a page that comes back sees the conversation', async (t) => {
    const { url } = await start(t);
    const stream = await openStream(url);
    t.after(() => stream.close());
    const { rooms } = await stream.next<Snapshot>('snapshot');
    const chatId = rooms![0]!.id;
    const said = await post(url, '/api/say', { chatId, text: 'ahoy' });
    assert.equal(said.status, 200);
    assert.equal(typeof said.body['updateId'], 'number');
    await stream.next('typing');
    const answer = await stream.next<{ message: ChatMessage }>('message', ({ message }) => message.from === 'bot');
    assert.equal(answer.message.text, 'You said: ahoy');
    stream.close();
    const again = await openStream(url);
    t.after(() => again.close());
    const later = await again.next<Snapshot>('snapshot');
    assert.deepEqual(
      later.rooms![0]!.messages.map(({ text }) => text),
      ['ahoy', 'You said: ahoy'],
    );
  });

  test('a page that does not read is cut off instead of being buffered for', async (t) => {
    const { url, telegram } = await start(t);
    const stream = await openStream(url);
    await stream.next('snapshot');
    stream.response.pause();
    const text = 'x'.repeat(4000);
    const sent = 8_000;
    for (let index = 0; index < sent; index++) telegram.send(1001, { text });
    stream.response.resume();
    await stream.closed;
    const seen = stream.events.filter(({ event }) => event === 'message').length;
    assert.ok(seen < sent, `${seen} of ${sent} arrived`);
  });

  test('stopping ends every stream, and so does the signal', async (t) => {
    const controller = new AbortController();
    const { url } = await start(t, { signal: controller.signal });
    const stream = await openStream(url);
    await stream.next('snapshot');
    controller.abort();
    await stream.closed;
  });
});

suite('who may ask', () => {
  test('only loopback names are answered (DNS rebinding)', async (t) => {
    const { url } = await start(t);
    assert.equal(await asHost(url, 'localhost:1234'), 200);
    assert.equal(await asHost(url, '127.0.0.1'), 200);
    assert.equal(await asHost(url, 'evil.example'), 403);
    assert.equal(await asHost(url, 'evil.example', '/events'), 403);
    assert.equal(await asHost(url, 'localhost.evil.example:80', '/events'), 403);
  });

  test('no other page may act (CSRF)', async (t) => {
    const { url, platform } = await start(t);
    const kill = '/api/tasks/web-1/kill';
    const body = { signal: 'SIGKILL' };
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site' },
      { 'content-type': 'text/plain' },
    ]) {
      const refused = await post(url, kill, body, headers);
      assert.ok(refused.status === 403 || refused.status === 415, JSON.stringify(headers));
      assert.ok(refused.body.error && !refused.body.error.includes('\n'));
    }
    assert.deepEqual(platform.kills, []);
    assert.equal((await post(url, kill, body, { origin: url })).status, 200);
    assert.deepEqual(platform.kills, [{ taskId: 'web-1', signal: 'SIGKILL' }]);
  });

  test('every answer carries a policy without inline script', async (t) => {
    const { url } = await start(t);
    for (const path of ['/', '/main.js', '/theme.css', '/favicon.svg', '/nothing', '/../server.ts']) {
      const response = await fetch(url + path);
      const csp = response.headers.get('content-security-policy') ?? '';
      assert.match(csp, /script-src 'self'(;|$)/, path);
      assert.doesNotMatch(csp, /unsafe/);
      assert.equal(response.status, path.includes('nothing') || path.includes('server') ? 404 : 200, path);
      await response.body?.cancel();
    }
  });

  test('it is not bound beyond loopback', async (t) => {
    await assert.rejects(start(t, { host: '0.0.0.0' }), /"0\.0\.0\.0" is not loopback/);
  });

  test('a taken port is said in one line', async (t) => {
    const { url } = await start(t);
    const port = Number(new URL(url).port);
    await assert.rejects(start(t, { port }), { code: 'EADDRINUSE', message: new RegExp(`port ${port} .* is taken`) });
  });
});

suite('actions', () => {
  test('what is asked wrongly is refused in one line that names the field', async (t) => {
    const { url } = await start(t);
    const cases: [path: string, body: unknown, status: number, error: RegExp][] = [
      ['/api/say', { chatId: 1001, text: '  ' }, 400, /text: a message has at least one character/],
      ['/api/say', { chatId: 1001, text: 'x'.repeat(4097) }, 400, /text: Telegram takes 4096/],
      ['/api/say', { chatId: 'me', text: 'hi' }, 400, /chatId/],
      ['/api/say', { chatId: 1001, text: 'hi', extra: 1 }, 400, /extra/],
      ['/api/say', { chatId: 5, text: 'hi' }, 404, /chat 5 is not open/],
      ['/api/say', '{', 400, /JSON/],
      ['/api/tap', { chatId: 1001, messageId: 1, data: 'more' }, 404, /no such button/],
      ['/api/edit', { chatId: 1001, messageId: 1, text: 'x' }, 404, /message 1 is not yours/],
      ['/api/flood', { messages: 501, chats: 5 }, 400, /messages/],
      ['/api/faults', { target: 'moon', faults: {} }, 400, /target/],
      ['/api/faults', { target: 'telegram', faults: { hang: 'yes' } }, 400, /faults\.hang/],
      ['/api/tasks/web-9/kill', { signal: 'SIGKILL' }, 404, /no task "web-9"/],
      ['/api/tasks/web-1/kill', { signal: 'SIGHUP' }, 400, /signal/],
      ['/api/nothing', {}, 404, /nothing is at POST/],
    ];
    for (const [path, body, status, error] of cases) {
      const answer = await post(url, path, body);
      assert.equal(answer.status, status, `${path} ${JSON.stringify(answer.body)}`);
      assert.match(answer.body.error ?? '', error);
      assert.ok(!answer.body.error?.includes('\n'));
    }
  });

  test('a user taps a button and edits what was said', async (t) => {
    const { url, telegram } = await start(t);
    const button = telegram.send(1001, { text: 'Choose', buttons: [[{ text: 'A', callback_data: 'a' }]] });
    const tapped = await post(url, '/api/tap', { chatId: 1001, messageId: button.messageId, data: 'a' });
    assert.equal(tapped.status, 200);
    assert.deepEqual(telegram.taps, [{ chatId: 1001, messageId: button.messageId, data: 'a' }]);
    const said = telegram.send(1001, { from: 'user', text: 'helo' });
    await post(url, '/api/edit', { chatId: 1001, messageId: said.messageId, text: 'hello' });
    assert.equal(telegram.messages(1001).at(-1)?.text, 'hello');
  });

  test('a new chat is offered to every page', async (t) => {
    const { url } = await start(t);
    const stream = await openStream(url);
    t.after(() => stream.close());
    await stream.next('snapshot');
    const { body } = await post(url, '/api/new-chat');
    assert.deepEqual(await stream.next('room'), body);
    assert.equal((await post(url, '/api/say', { chatId: body['id'], text: 'hi' })).status, 200);
  });

  test('faults are switched on and off one by one', async (t) => {
    const { url, telegram, provider } = await start(t);
    await post(url, '/api/faults', { target: 'telegram', faults: { rateLimit: { retryAfter: 5 }, duplicates: 3 } });
    assert.deepEqual(telegram.faults, { rateLimit: { retryAfter: 5 }, duplicates: 3 });
    await post(url, '/api/faults', { target: 'telegram', faults: { rateLimit: false } });
    assert.deepEqual(telegram.faults, { duplicates: 3 });
    await post(url, '/api/faults', { target: 'provider', faults: { hang: true } });
    assert.deepEqual(provider.faults, { hang: true });
  });

  test('where nobody can decide there is neither desk nor switch', async (t) => {
    const { url } = await start(t);
    const stream = await openStream(url);
    t.after(() => stream.close());
    assert.equal((await stream.next<{ hasDesk: boolean }>('snapshot')).hasDesk, false);
    for (const path of ['/api/desk', '/api/desk/kinds', '/api/flags'])
      assert.equal((await fetch(url + path)).status, 404);
    assert.equal((await fetch(`${url}/desk`)).status, 200);
  });

  test('what cannot be known now is said, and several pages share one look', async (t) => {
    let looks = 0;
    const no = { tables: [], said: ['The database says no: it starts'], ok: false };
    const operator: Operator = async (commands) => {
      looks += 1;
      return commands.map(() => no);
    };
    const { url } = await start(t, { operator });
    const answers = await Promise.all([1, 2, 3].map(async () => (await fetch(`${url}/api/desk`)).json()));
    for (const answer of answers as { away: string; items: unknown[] }[])
      assert.deepEqual([answer.away, answer.items], ['The database says no: it starts', []]);
    assert.equal(looks, 1);
    const flags = await fetch(`${url}/api/flags`);
    assert.equal(flags.status, 503);
    assert.deepEqual(await flags.json(), { error: 'The database says no: it starts' });
  });

  test('whatever lies on the desk is of a kind that the page knows, with deeds that it knows', async (t) => {
    const row = { attempts: 8, takeovers: 0, received: null, settled: null, confirmed: 0, unknown: 0, cause: 'x' };
    const parked = (update: number | string, queue: string, lane: string) => ({ bot: 1, update, queue, lane, ...row });
    const tables = [
      {
        title: 'parked updates',
        rows: [
          parked(7, 'chat', '1:1001'),
          parked(8, 'payment', '1:pay:1001'),
          parked('callback:9', 'payment', '1:pay:1001'),
          parked('callback:10', 'chat', '1:render:5-1'),
        ],
      },
    ];
    const operator: Operator = (commands) =>
      Promise.resolve(commands.map(([verb]) => ({ tables: verb === 'dead' ? tables : [], said: [] })));
    const { url } = await start(t, { operator });
    const read = async <T>(path: string) => (await (await fetch(url + path)).json()) as T;
    const kinds = await read<Record<string, { deeds: object }>>('/api/desk/kinds');
    const { items } = await read<{ items: { kind: string; deeds: string[] }[] }>('/api/desk');
    assert.deepEqual(
      items.map(({ kind }) => kind),
      ['update', 'update', 'callback', 'rendered'],
    );
    for (const { kind, deeds } of items)
      for (const deed of deeds) assert.ok(deed in kinds[kind]!.deeds, `${deed} of ${kind}`);
    // In the order in which the page shows them: a kind that is missing there would not be seen.
    const shown = await (await fetch(`${url}/desk.js`)).text();
    for (const kind of new Set(items.map((one) => one.kind))) assert.match(shown, new RegExp(`'${kind}'`));
  });

  test('bills are those of the chat, and become only what they can', async (t) => {
    const payer = fakePayer();
    const { url } = await start(t, { payers: { nowPayments: payer } });
    const bills = (await (await fetch(`${url}/api/bills/1001`)).json()) as { id: string; payer: string }[];
    assert.deepEqual(
      bills.map(({ id, payer: of }) => [id, of]),
      [['17', 'nowPayments']],
    );
    assert.equal((await fetch(`${url}/api/bills/9`)).status, 204);
    const bill = { chatId: 1001, payer: 'nowPayments', id: '17', deed: 'pay' };
    for (const [wrong, status, says] of [
      [{ id: '18' }, 404, /has no bill 18/],
      [{ payer: 'cryptoPay' }, 404, /has no bill 17/],
      [{ deed: 'burn' }, 409, /is waiting/],
      [{ payer: 'bank' }, 400, /payer/],
    ] as const) {
      const answer = await post(url, '/api/bills', { ...bill, ...wrong });
      assert.equal(answer.status, status);
      assert.match(answer.body.error ?? '', says);
    }
    assert.equal((await post(url, '/api/bills', bill)).status, 200);
    assert.equal((await post(url, '/api/bills', bill)).status, 409);
    assert.deepEqual(payer.played, ['17 pay']);
    await post(url, '/api/faults', { target: 'nowPayments', faults: { loseCallbacks: true, oldSignature: true } });
    assert.deepEqual(payer.faults, { loseCallbacks: true, oldSignature: true });
  });

  test('a frozen task is told from a hung one until it is thawed', async (t) => {
    const { url } = await start(t);
    const stream = await openStream(url);
    t.after(() => stream.close());
    await stream.next('snapshot');
    const frozen = (on: boolean) =>
      stream.next<Change>('change', ({ tasks }) => tasks?.find(({ id }) => id === 'worker-1')?.frozen === on);
    await post(url, '/api/tasks/worker-1/kill', { signal: 'SIGSTOP' });
    await frozen(true);
    stream.events.length = 0;
    await post(url, '/api/tasks/worker-1/kill', { signal: 'SIGCONT' });
    await frozen(false);
  });

  test('the database is restarted, but not while it restarts', async (t) => {
    const { url, platform } = await start(t);
    assert.equal((await post(url, '/api/database/restart')).status, 200);
    assert.equal(platform.restarts, 1);
    platform.db.state = 'restarting';
    assert.equal((await post(url, '/api/database/restart')).status, 409);
    assert.equal(platform.restarts, 1);
  });

  test('a flood is spread over chats that get no tabs', async (t) => {
    const { url, telegram } = await start(t);
    const stream = await openStream(url);
    t.after(() => stream.close());
    await stream.next('snapshot');
    assert.equal((await post(url, '/api/flood', { messages: 40, chats: 10 })).status, 200);
    assert.equal(telegram.chats().filter((id) => id > 1_000_000).length, 10);
    const { crowd } = await stream.next<{ crowd?: { said: number } }>('change', (change) => 'crowd' in change);
    assert.equal(crowd?.said, 40);
    assert.ok(!stream.events.some(({ event }) => event === 'message' || event === 'room'));
  });

  test('with the real Telegram there is no chat here, and saying so is the answer', async (t) => {
    const { url } = await start(t, { telegram: undefined, provider: undefined });
    const stream = await openStream(url);
    t.after(() => stream.close());
    assert.equal((await stream.next<Snapshot>('snapshot')).rooms, null);
    for (const [path, body] of [
      ['/api/say', { chatId: 1001, text: 'hi' }],
      ['/api/flood', { messages: 1, chats: 1 }],
      ['/api/new-chat', {}],
      ['/api/faults', { target: 'telegram', faults: { hang: true } }],
      ['/api/faults', { target: 'provider', faults: { hang: true } }],
      ['/api/faults', { target: 'novita', faults: { fails: true } }],
      ['/api/faults', { target: 'media', faults: { refuses: true } }],
      ['/api/faults', { target: 'objects', faults: { denied: true } }],
      ['/api/faults', { target: 'cryptoPay', faults: { error: true } }],
    ] as const) {
      const answer = await post(url, path, body);
      assert.equal(answer.status, 409, path);
      assert.match(answer.body.error ?? '', /real/);
    }
  });
});
