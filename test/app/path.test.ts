/** The whole path over real processes: a message typed is answered, and everything ends when asked to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from '../harness/lanes.ts';
import { waitFor } from '../harness/wait.ts';
import { startWorld } from '../harness/world.ts';

test('a message typed to the bot is answered through the whole durable path', async (t) => {
  const world = await startWorld(t);
  const [web, worker] = await Promise.all([world.startTask(t, 'web'), world.startTask(t, 'worker')]);
  await Promise.all([web.ready(), worker.ready()]);
  await world.setWebhook(web);

  world.telegram.say(7, 'hello there', { firstName: 'Ada' });
  const answer = await waitFor(() => world.telegram.messages(7).find(({ from }) => from === 'bot'), {
    what: 'an answer in the chat',
  });
  assert.match(answer.text, /hello there/);
  // The answer is on its way before the update's own "done" is committed.
  await waitFor(
    async () => (await world.database.sql(`SELECT FROM evenkeel.inbox WHERE state = 'pending'`)).length === 0,
    {
      what: 'nothing pending in the inbox',
    },
  );
  assert.deepEqual(await world.database.sql('SELECT state, attempts, lane FROM evenkeel.inbox'), [
    { state: 'done', attempts: 0, lane: `${world.botId}:7` },
  ]);
  await settled(world.database);

  assert.deepEqual(await Promise.all([web.stop(), worker.stop()]), [
    { code: 0, signal: null },
    { code: 0, signal: null },
  ]);
});
