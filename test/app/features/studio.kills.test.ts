/**
 * A worker that is killed at any statement between the agreement to a price and the charge for what was shown, that is told
 * to end in mid-render, and taps that race with what they would end: never begun twice, never shown twice but where nobody
 * could know, and the credits are where they belong.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { seeded } from '../../harness/random.ts';
import { seeds } from '../../harness/seeds.ts';
import { anyStop, statementsTo, type Statements } from '../../harness/statements.ts';
import type { TaskProcess } from '../../harness/task.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';
import { off } from '../../harness/feature.ts';
import { people, QUICK, WITHIN } from './studio.rig.ts';

const { count, first } = seeds(3);
/** Each seed is a worker that is killed and another that starts. ms */
const timeout = 480_000 + count * 2 * WITHIN;

const world = await startWorld(
  { after },
  { posture: { ...QUICK, features: { ...off('chat', 'wallet', 'remind'), studio: true } } },
);
const { novita, database, telegram } = world;
const { give, balance, order, rows, files, said, sound, until, messages } = people({ after }, world);
const web = await world.startTask({ after }, 'web');
await web.ready(WITHIN);
await world.setWebhook(web);

/** Statements of the way, and not those that every worker makes all the time. */
function ofTheWay(): (text: string) => boolean {
  let begun = false;
  return (text) => {
    begun ||= /INSERT INTO evenkeel\.render/.test(text);
    return (
      begun &&
      (/^(BEGIN|COMMIT)$/.test(text) ||
        /evenkeel\.(render|reserve|account|ledger_tx)\b/.test(text) ||
        /INSERT INTO (evenkeel\.outbox|pgboss\.job)/.test(text))
    );
  };
}

interface Victim {
  task: TaskProcess;
  wire: Statements;
}

async function startVictim(): Promise<Victim> {
  const wire = await statementsTo({ after }, database.url('worker'), ofTheWay());
  const task = await world.startTask({ after }, 'worker', {
    env: { DATABASE_URL: wire.url, PUBLIC_URL: await web.url() },
  });
  await task.ready(WITHIN);
  return { task, wire };
}

const isOver = async (user: number): Promise<boolean> =>
  (await rows(user)).some(({ state }) => /^(delivered|failed)$/.test(state));
const isQuiet = async (): Promise<boolean> =>
  (await database.sql(`SELECT FROM evenkeel.outbox WHERE state IN ('waiting', 'sending')`)).length === 0;
const begunFor = (user: number): number => novita.tasks().filter(({ prompt }) => prompt === `picture ${user}`).length;

async function statementsOfTheWay(victim: Victim): Promise<number> {
  const user = 900;
  await give(user);
  victim.wire.arm({ at: Infinity, boundary: 'before' });
  await order(user, `/image picture ${user}`);
  await said(user, /^Done/);
  const { length } = victim.wire.seen;
  victim.task.signal('SIGKILL');
  await victim.task.exited;
  return length;
}

test(
  `killed at any statement between agreement and charge: begun once, shown once or known to be in doubt, and paid for or given back (${count} of ${first}…)`,
  { timeout },
  async (t) => {
    const statements = await statementsOfTheWay(await startVictim());
    assert.ok(statements > 40, `${statements} statements`);
    let victim = await startVictim();
    for (let seed = first; seed < first + count; seed += 1) {
      const random = seeded(seed);
      const user = 10_000 + (seed - first);
      const stop = anyStop(random, statements);
      await give(user);
      victim.wire.arm(stop);
      await order(user, `/image picture ${user}`);
      await waitFor(async () => victim.wire.isStopped || ((await isOver(user)) && (await isQuiet())), {
        what: 'the statement at which it stops',
        within: WITHIN,
      });
      const text = victim.wire.isStopped ? await victim.wire.stopped : 'after all of them';
      victim.task.signal('SIGKILL');
      await victim.task.exited;
      const shownBefore = files(user).length;
      const at = `seed ${seed}: ${stop.boundary} statement ${stop.at} of ${statements}: ${text.replaceAll(/\s+/g, ' ').slice(0, 120)}`;

      victim = await startVictim();
      await waitFor(async () => (await isOver(user)) && (await isQuiet()), { what: at, within: 2 * WITHIN });
      const [row, ...more] = await rows(user);
      assert.ok(row && more.length === 0, at);
      assert.ok(begunFor(user) <= 1, `${at}: begun ${begunFor(user)} times`);
      await sound();
      const shown = files(user);
      const paid = row.state === 'delivered' ? 10n : 0n;
      assert.deepEqual(await balance(user), { available: 100n - paid, held: 0n, debt: 0n }, at);
      if (row.state === 'delivered') {
        assert.ok(shown.length >= 1 && shown.length <= 2, `${at}: shown ${shown.length} times`);
        assert.ok(shown.length <= row.deliveries, `${at}: what may be there twice is counted`);
        if (shownBefore === 0) assert.equal(shown.length, 1, at);
        if (shown.length === 2) assert.match(shown[1]!.text, /again/, at);
      } else {
        assert.match(row.reason!, /^(lost|unknown)$/, at);
        // What was begun is found by its callback.
        if (row.reason === 'lost') assert.equal(begunFor(user), 0, at);
      }
      assert.ok(
        messages(user).some(({ text: told }) => /^Done|credits are back/.test(told)),
        `${at}: told`,
      );
      t.diagnostic(`${at} → ${row.state} ${row.reason ?? ''}, shown ${shown.length} times`);
    }
    victim.task.signal('SIGKILL');
    await victim.task.exited;
  },
);

test('told to end in mid-render: nothing is begun again, and no attempt is used', { timeout }, async () => {
  const user = 20_000;
  await give(user);
  novita.faults = { slow: 20 };
  const [one, two] = [await world.startTask({ after }, 'worker'), await world.startTask({ after }, 'worker')];
  await Promise.all([one.ready(WITHIN), two.ready(WITHIN)]);
  await order(user, `/image picture ${user}`);
  await until('it is under way', async () => (await rows(user))[0]?.state === 'submitted');
  assert.equal((await one.stop(WITHIN)).code, 0);
  const three = await world.startTask({ after }, 'worker');
  await three.ready(WITHIN);
  assert.equal((await two.stop(WITHIN)).code, 0);
  await said(user, /^Done/);
  assert.equal(begunFor(user), 1);
  assert.equal(files(user).length, 1);
  const used = await database.sql(
    `SELECT name, retry_count FROM pgboss.job WHERE name IN ('render', 'look', 'deliver') AND (data->>'render')::int = $1 AND retry_count > 0`,
    [(await rows(user))[0]!.id],
  );
  assert.deepEqual(used, []);
  novita.faults = {};

  // A cancellation and the result at the same moment: one of the two, whole.
  const ends: string[] = [];
  for (let n = 1; n <= 8; n += 1) {
    const racer = 30_000 + n;
    await give(racer);
    novita.faults = { slow: 400 };
    await order(racer, `/image picture ${racer}`);
    await until('it is under way', async () => (await rows(racer))[0]?.state === 'submitted');
    const { task } = (await rows(racer))[0]!;
    const { messageId, buttons } = await said(racer, /^Your order is in|^Under way/);
    novita.finish(task!, 'done');
    if (n % 2 === 0) await until('it is ready', async () => (await rows(racer))[0]!.state !== 'submitted');
    telegram.tap(racer, messageId, buttons[0]![0]!.callback_data!);
    await until(
      'its end',
      async () => /^(delivered|cancelled)$/.test((await rows(racer))[0]!.state) && (await isQuiet()),
    );
    const { state } = (await rows(racer))[0]!;
    ends.push(state);
    assert.equal(files(racer).length, state === 'delivered' ? 1 : 0);
    assert.equal((await balance(racer)).available, state === 'delivered' ? 90n : 100n);
  }
  assert.ok(ends.includes('delivered'), ends.join());
  await sound();
  three.signal('SIGKILL');
  await three.exited;
});
