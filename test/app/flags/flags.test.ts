/** Kill switches, against processes: closed within seconds in all of them, nothing that was begun or paid is touched. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { startFlags } from '../../../app/flags/index.ts';
import { parseOps } from '../../../app/ops/parse.ts';
import { resolve } from '../../../posture/resolve.ts';
import type { TestDatabase } from '../../harness/database.ts';
import { captureLog } from '../../harness/logs.ts';
import { operatorOf } from '../../harness/ops.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const often = { every: '5s', deadline: '1s' };
const world = await startWorld({ after }, { posture: { schedules: { stars: often, reserves: often } } });
const { telegram, posture } = world;

const ops = (database: TestDatabase, ...args: string[]) => operatorOf(database, posture)(...args);

/** A web task and two workers, as processes. */
async function running(t: TestContext) {
  const database = await world.freshDatabase(t);
  const tasks = [
    await world.startTask(t, 'web', { database }),
    await world.startTask(t, 'worker', { database }),
    await world.startTask(t, 'worker', { database }),
  ];
  await Promise.all(tasks.map((task) => task.ready()));
  await world.setWebhook(tasks[0]!);
  const flagOf = async (name: string) =>
    Promise.all(tasks.map(async (task) => (await task.health()).flags?.[name]?.flag));
  const everywhere = (name: string, isOn: boolean) =>
    waitFor(async () => (await flagOf(name)).every((flag) => flag === isOn), {
      what: `${name} to be ${isOn ? 'on' : 'off'} in every process`,
    });
  return { database, tasks, everywhere };
}

const said = (chat: number) => telegram.messages(chat).filter(({ from }) => from === 'bot');
async function ask(chat: number, text: string): Promise<string> {
  const before = said(chat).length;
  telegram.say(chat, text);
  await waitFor(() => said(chat).length > before, { what: `an answer to ${text}` });
  return said(chat)[before]!.text;
}

test('a feature is closed and opened again; what was offered before is refused, what was paid is credited', async (t) => {
  const { database, tasks, everywhere } = await running(t);
  telegram.open(1);
  assert.match(await ask(1, '/topup'), /Which package/);
  telegram.tap(1, said(1).at(-1)!.messageId, 'buy:small');
  const invoice = await waitFor(() => said(1).find(({ text }) => /^\d+ credits\n/.test(text)), { what: 'an invoice' });
  const [{ id }] = (await database.sql('SELECT id::text FROM evenkeel.purchase')) as [{ id: string }];

  const { said: words, ok = true } = await ops(database, 'flag', 'off', 'wallet', '--reason', 'prices are wrong');
  assert.ok(ok, words.join());
  await everywhere('wallet', false);
  assert.match(await ask(1, '/topup'), /Nothing can be bought just now/);
  assert.doesNotMatch(await ask(1, '/help'), /topup/);
  telegram.pay(1, invoice.messageId);
  await waitFor(() => telegram.stats().pending === 0, { what: 'the question to be answered' });
  const unpaid = await database.sql('SELECT FROM evenkeel.payment');
  assert.equal(unpaid.length, 0, 'nothing was charged');
  // It was under way when the switch was thrown.
  telegram.charge(1, id);
  await waitFor(() => said(1).some(({ text }) => text.startsWith('Receipt')), { what: 'the receipt' });
  assert.match(await ask(1, '/balance'), /credits/);

  // A task of the next release finds it as it was left.
  const fresh = await world.startTask(t, 'worker', { database });
  await fresh.ready();
  assert.equal((await fresh.health()).flags?.['wallet']?.flag, false);
  tasks.push(fresh);

  await ops(database, 'flag', 'on', 'wallet', '--reason', 'they are right again');
  await everywhere('wallet', true);
  assert.match(await ask(1, '/topup'), /Which package/);
  assert.deepEqual(await database.sql('SELECT who, verb, target, reason FROM evenkeel.audit ORDER BY id'), [
    { who: 'ada', verb: 'flag off', target: 'flag wallet', reason: 'prices are wrong' },
    { who: 'ada', verb: 'flag on', target: 'flag wallet', reason: 'they are right again' },
  ]);
});

test('what people write is answered while the chat is switched off: that it is', async (t) => {
  const { database, everywhere } = await running(t);
  telegram.open(2);
  await ops(database, 'flag', 'off', 'chat', '--reason', 'the provider answers nonsense');
  await everywhere('chat', false);
  assert.match(await ask(2, 'hello'), /switched off just now/);
});

test('a job that is switched off waits, and is done when it is on; a schedule has no slot meanwhile', async (t) => {
  const { database, everywhere } = await running(t);
  telegram.open(3);
  await ops(database, 'flag', 'off', 'work.remind', '--reason', 'a test');
  await ops(database, 'flag', 'off', 'schedules.stars', '--reason', 'a test');
  await everywhere('work.remind', false);
  await everywhere('schedules.stars', false);
  assert.match(await ask(3, '/remind 1m tea'), /remind you/);
  await database.sql(`UPDATE pgboss.job SET start_after = now() WHERE name = 'remind'`);
  const slots = async () => {
    const [row] = await database.sql<{ n: number }>(`SELECT count(*)::int AS n FROM pgboss.job WHERE name = 'stars'`);
    return row!.n;
  };
  const before = await slots();
  // Others go on meanwhile: so the workers look, and leave these two alone.
  const others = async () => (await database.sql(`SELECT FROM pgboss.job WHERE name = 'reserves'`)).length;
  const earlier = await others();
  await waitFor(async () => (await others()) > earlier + 1, { what: 'slots of another schedule' });
  assert.equal(await slots(), before);
  assert.deepEqual(await database.sql(`SELECT state::text FROM pgboss.job WHERE name = 'remind'`), [
    { state: 'created' },
  ]);
  await ops(database, 'flag', 'on', 'work.remind', '--reason', 'a test');
  await ops(database, 'flag', 'on', 'schedules.stars', '--reason', 'a test');
  await waitFor(() => said(3).some(({ text }) => text.includes('tea') && text.includes('asked')), {
    what: 'the reminder',
  });
  await waitFor(async () => (await slots()) > before, { what: 'a slot' });
});

test('an unknown name is refused, with the one that was meant', async () => {
  const { ok, said: words } = await ops(world.database, 'flag', 'off', 'walet', '--reason', 'x');
  assert.equal(ok, false);
  assert.match(words.join(), /There is no flag "walet"; did you mean "wallet"\?/);
  assert.throws(() => parseOps(['flag', 'off', '--reason', 'x']), /which one\? flag off NAME/);
  assert.throws(() => parseOps(['flag', 'off', 'wallet']), /say why, --reason/);
  const shown = await ops(world.database, 'flag', 'list');
  assert.deepEqual(
    shown.tables[0]!.rows.find(({ name }) => name === 'wallet'),
    {
      name: 'wallet',
      posture: 'on',
      flag: 'on',
      since: null,
      by: null,
      reason: null,
    },
  );
});

test('what the posture has off no flag turns on; nothing is on before the first look; the last known holds', async (t) => {
  let off: string[] | Error = new Error('the database is away');
  const db = () => ({
    query: () =>
      off instanceof Error ? Promise.reject(off) : Promise.resolve({ rows: off.map((name) => ({ name })) }),
  });
  const flags = startFlags({
    posture: resolve({ features: { wallet: false } }),
    db: db as unknown as Parameters<typeof startFlags>[0]['db'],
    log: captureLog().log,
  });
  t.after(() => flags.stop());
  await assert.rejects(flags.load());
  assert.equal(flags.isOn('remind'), false, 'nobody knows yet');
  off = ['remind'];
  await flags.load();
  assert.deepEqual(
    ['wallet', 'remind', 'chat', 'work.refund'].map((name) => flags.isOn(name)),
    [false, false, true, true],
  );
  assert.deepEqual(flags.state()['wallet'], { posture: false, flag: true });
  off = new Error('the database is away');
  await assert.rejects(flags.load());
  assert.equal(flags.isOn('remind'), false);
  assert.equal(flags.isOn('chat'), true);
});
