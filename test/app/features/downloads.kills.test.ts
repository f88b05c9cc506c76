/**
 * A media task that is killed at any statement between the beginning and the end of a download, and one that is told to end in
 * the middle of a file: it comes once, or twice and says so; no attempt is used by a deploy, and nobody is told twice.
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
import { people, WITHIN } from './downloads.rig.ts';

const { count, first } = seeds(3);
/** Each seed is a task that is killed and another that starts. ms */
const timeout = 480_000 + count * 2 * WITHIN;

const world = await startWorld(
  { after },
  {
    posture: {
      features: { ...off('chat', 'wallet', 'remind', 'broadcast', 'admin'), downloads: true },
      web: { pool: 3 },
      media: { drain: '30s', stopTimeout: '45s' },
    },
  },
);
const { database, media } = world;
const { fetch, rows, files, said, until, messages } = people(world);
const [web, worker] = await Promise.all([world.startTask({ after }, 'web'), world.startTask({ after }, 'worker')]);
await Promise.all([web.ready(WITHIN), worker.ready(WITHIN)]);
await world.setWebhook(web);

/** Statements of the way, and not those that every task makes all the time. */
function ofTheWay(): (text: string) => boolean {
  let begun = false;
  return (text) => {
    begun ||= /FROM evenkeel\.download/.test(text);
    return (
      begun &&
      (/^(BEGIN|COMMIT)$/.test(text) ||
        /evenkeel\.(download|sent_file)\b/.test(text) ||
        /INSERT INTO (evenkeel\.outbox|pgboss\.job)/.test(text))
    );
  };
}

interface Victim {
  task: TaskProcess;
  wire: Statements;
}

async function startVictim(): Promise<Victim> {
  const wire = await statementsTo({ after }, database.url('media'), ofTheWay());
  const task = await world.startTask({ after }, 'media', { env: { DATABASE_URL: wire.url } });
  await task.ready(WITHIN);
  return { task, wire };
}

const isOver = async (user: number): Promise<boolean> =>
  (await rows(user)).some(({ state }) => /^(sent|failed)$/.test(state));
const isQuiet = async (): Promise<boolean> =>
  (await database.sql(`SELECT FROM evenkeel.outbox WHERE state IN ('waiting', 'sending')`)).length === 0;

async function statementsOfTheWay(victim: Victim): Promise<number> {
  victim.wire.arm({ at: Infinity, boundary: 'before' });
  await fetch(900, '/clip.mp4?900');
  await said(900, /^Done/);
  const { length } = victim.wire.seen;
  victim.task.signal('SIGKILL');
  await victim.task.exited;
  return length;
}

test(
  `killed at any statement of a download: there once, or twice and marked, or known to be in doubt (${count} of ${first}…)`,
  { timeout },
  async (t) => {
    const statements = await statementsOfTheWay(await startVictim());
    assert.ok(statements > 15, `${statements} statements`);
    let victim = await startVictim();
    for (let seed = first; seed < first + count; seed += 1) {
      const user = 10_000 + (seed - first);
      const stop = anyStop(seeded(seed), statements);
      victim.wire.arm(stop);
      await fetch(user, `/clip.mp4?${user}`);
      await waitFor(async () => victim.wire.isStopped || ((await isOver(user)) && (await isQuiet())), {
        what: 'the statement at which it stops',
        within: WITHIN,
      });
      const text = victim.wire.isStopped ? await victim.wire.stopped : 'after all of them';
      victim.task.signal('SIGKILL');
      await victim.task.exited;
      const at = `seed ${seed}: ${stop.boundary} statement ${stop.at} of ${statements}: ${text.replaceAll(/\s+/g, ' ').slice(0, 120)}`;

      victim = await startVictim();
      await waitFor(async () => (await isOver(user)) && (await isQuiet()), { what: at, within: 2 * WITHIN });
      const [row, ...more] = await rows(user);
      assert.ok(row && more.length === 0, at);
      assert.equal(row.state, 'sent', at);
      const shown = files(user);
      assert.ok(shown.length >= 1 && shown.length <= 2, `${at}: there ${shown.length} times`);
      assert.ok(shown.length <= row.leaves, `${at}: what may be there twice is counted`);
      if (shown.length === 2) assert.match(shown[1]!.text, /again/, at);
      assert.equal(messages(user).filter(({ text: told }) => /^Done/.test(told)).length, 1, at);
      t.diagnostic(`${at} → there ${shown.length} times`);
    }
    victim.task.signal('SIGKILL');
    await victim.task.exited;
  },
);

test(
  'a download longer than the drain begins again after a deploy: no attempt is used, nobody is told twice',
  { timeout },
  async () => {
    const user = 20_000;
    const one = await world.startTask({ after }, 'media');
    await one.ready(WITHIN);
    // A minute and more: longer than a drain.
    media.faults = { pace: 4_000 };
    await fetch(user, '/clip.mp4?20000');
    await said(user, /^Your file is being fetched/);
    await until('it to come', () => media.stats().inFlight === 1);
    const [leaving, two] = [one.stop(WITHIN), await world.startTask({ after }, 'media')];
    assert.equal((await leaving).code, 0);
    assert.equal((await rows(user))[0]!.state, 'fetching');
    media.faults = {};
    await two.ready(WITHIN);
    await said(user, /^Done/);
    assert.equal(files(user).length, 1);
    assert.equal(messages(user).filter(({ text }) => /being fetched|waits for its turn/.test(text)).length, 0);
    const used = await database.sql(
      `SELECT retry_count FROM pgboss.job WHERE name = 'download' AND (data->>'download')::int = $1 AND retry_count > 0`,
      [(await rows(user))[0]!.id],
    );
    assert.deepEqual(used, []);
    two.signal('SIGKILL');
    await two.exited;
  },
);
