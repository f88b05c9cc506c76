/** The role media: there while a feature wants it, runs its queues and no others, and may be killed or told to leave at any time. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import '../../harness/remind-by-media.ts';
import { connectionLimits } from '../../../posture/limits.ts';
import { raised, startWorld } from '../../harness/world.ts';
import type { TaskProcess } from '../../harness/task.ts';
import { waitFor } from '../../harness/wait.ts';

const BY_MEDIA = { node: ['--import', new URL('../../harness/remind-by-media.ts', import.meta.url).href] };
const features = { chat: false, remind: true };
const posture = { features, web: { pool: 3 } };
const world = await startWorld({ after }, { posture });
const { telegram, database } = world;
const directory = mkdtempSync(join(tmpdir(), 'evenkeel-scratch-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const [web, worker] = await Promise.all([
  world.startTask({ after }, 'web', BY_MEDIA),
  world.startTask({ after }, 'worker', BY_MEDIA),
]);
await Promise.all([web.ready(), worker.ready()]);
await world.setWebhook(web);

async function startMedia(t: TestContext): Promise<TaskProcess> {
  const media = await world.startTask(t, 'media', { ...BY_MEDIA, env: { SCRATCH: directory } });
  await media.ready();
  return media;
}

const said = (user: number) => telegram.messages(user).flatMap(({ from, text }) => (from === 'bot' ? [text] : []));

/** Somebody asks to be reminded, later. */
async function ask(user: number, of: string): Promise<void> {
  telegram.open(user);
  telegram.say(user, `/remind 1m ${of}`);
  await waitFor(() => said(user).some((text) => text.startsWith('I will remind you')), { what: 'an answer' });
}
const due = () => database.sql(`UPDATE pgboss.job SET start_after = now() WHERE name = 'remind' AND state < 'active'`);
const reminded = (user: number, of: string) =>
  waitFor(() => said(user).includes(`You asked me to remind you: ${of}`), { what: `${of} to be said` });
const ran = (task: TaskProcess) => task.logs.filter(({ msg, job }) => msg === 'job begins' && job === 'remind').length;

test('it runs the jobs that are its own, and no worker does', async (t) => {
  const media = await startMedia(t);
  await ask(1, 'tea');
  await due();
  await reminded(1, 'tea');
  assert.equal(ran(media), 1);
  assert.equal(ran(worker), 0);

  const health = await media.health();
  assert.equal(health.role, 'media');
  assert.equal(health.status, 'healthy');
  assert.deepEqual(Object.keys(health.jobs!), ['remind']);
  assert.ok(health.disk!.used > 0 && health.disk!.size > health.disk!.used);
  assert.equal(health.pool.max, world.posture.media.pool);
  assert.ok(!('remind' in (await worker.health()).jobs!), 'a worker offers places for it');
  const failed = media.logs.filter(({ msg }) => msg === 'turn failed');
  assert.deepEqual(failed, [], 'its login may do what its loops do');
});

test('what is due waits while there is none, and is done by the next one', async (t) => {
  const first = await startMedia(t);
  first.signal('SIGKILL');
  await first.exited;
  await ask(2, 'cake');
  await due();
  const second = await startMedia(t);
  await reminded(2, 'cake');
  assert.equal(ran(second), 1);
});

test('told to leave it ends with nothing of its own on the disk', async (t) => {
  for (const left of readdirSync(directory)) rmSync(join(directory, left), { recursive: true });
  const media = await startMedia(t);
  const [own] = readdirSync(directory);
  assert.match(own!, /^media-/);
  const { code } = await media.stop();
  assert.equal(code, 0);
  assert.ok(!existsSync(join(directory, own!)));
});

test('its login may hold the connections that the law counts, and touches no money', async () => {
  const [role] = await database.sql<{ limit: number }>(
    `SELECT rolconnlimit AS limit FROM pg_roles WHERE rolname = 'media' AND rolcanlogin`,
  );
  assert.equal(role!.limit, connectionLimits(world.posture).media);
  for (const table of ['account', 'ledger_tx', 'ledger_entry', 'reserve', 'payment', 'message'])
    assert.deepEqual(
      await database.sql(
        `SELECT has_table_privilege('media', 'evenkeel.${table}', 'SELECT, INSERT, UPDATE, DELETE') AS may`,
      ),
      [{ may: false }],
      table,
    );
});

test('where the feature is off, what is left is for the workers to end', async (t) => {
  await ask(3, 'soup');
  const off = await world.startTask(t, 'worker', {
    ...BY_MEDIA,
    posture: raised({ ...posture, features: { ...features, remind: false } }),
  });
  await off.ready();
  await due();
  await reminded(3, 'soup');
  assert.equal(ran(off), 1);
});
