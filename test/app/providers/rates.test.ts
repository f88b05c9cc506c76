/** Telegram's limits, kept by two real workers together: the simulated Telegram counts as the real one does. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { TaskProcess } from '../../harness/task.ts';
import { settled } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld(
  { after },
  {
    rates: 'telegram',
    // A busy machine may keep a call waiting, and that is not what this is about.
    posture: {
      features: { chat: false },
      providers: { telegram: { timeout: '20s', attempts: 1 } },
      jobs: { payment: { handler: '24s' } },
    },
  },
);
const CHATS = 600;

const rates = async (workers: TaskProcess[]) =>
  Promise.all(workers.map(async (worker) => (await worker.health()).providers!['telegram']!.rate!));

test('600 chats at once, two workers: all are answered, and fewer than one call in a hundred gets a 429', async (t) => {
  const web = await world.startTask(t, 'web');
  const workers = [await world.startTask(t, 'worker'), await world.startTask(t, 'worker')];
  for (const task of [web, ...workers]) await task.ready();
  await world.setWebhook(web);

  world.telegram.flood({ updates: CHATS, chats: CHATS });
  await waitFor(() => world.telegram.floodReport().replied === CHATS, { within: 120_000, what: 'every answer' });
  const rows = await settled(world.database, 30_000);
  assert.equal(rows.length, CHATS);
  assert.deepEqual(
    rows.filter(({ state, attempts }) => state !== 'done' || attempts > 0),
    [],
    'a wait for the rate is no attempt',
  );
  const { repeatedReplies } = world.telegram.floodReport();
  assert.equal(repeatedReplies, 0);
  const { calls, errors } = world.telegram.stats();
  const refused = errors['429'] ?? 0;
  assert.ok(refused < calls / 100, `${refused} of ${calls} calls were refused`);

  const told = await rates(workers);
  assert.ok(told.every(({ alone }) => alone === 0));
  assert.equal(
    told.reduce((sum, rate) => sum + rate.refused, 0),
    refused,
    'what was refused is counted',
  );
  assert.ok(told.reduce((sum, { postponed }) => sum + postponed, 0) > 0, 'most had to come back later');
});
