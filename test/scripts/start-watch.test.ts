/** `npm start -- --watch` in a clone: an edit is deployed task by task while somebody writes, and a broken one is not. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../../local/platform/ports.ts';
import { remoteTelegram } from '../../local/world/remote.ts';
import { cloneProject } from '../harness/clone.ts';
import { waitFor } from '../harness/wait.ts';
import { start } from './starting.ts';

const CHAT = 501;
const until = (what: string) => ({ what, within: 240_000 });

test('an edit reaches every task, one after the other, and the bot answers meanwhile; a broken one reaches none', async (t) => {
  const { directory } = await cloneProject(t);
  const options = ['--json', '--no-browser', '--watch', '--port', String(await freePort())];
  const run = start(t, directory, options, {}, directory);
  const { telegramApiRoot } = await run.ready();
  const telegram = remoteTelegram(telegramApiRoot);
  const answers = async () =>
    (await telegram.messages(CHAT)).filter(({ from }) => from === 'bot').map(({ text }) => text);

  const file = join(directory, 'app/features/basics/en.ftl');
  const before = await readFile(file, 'utf8');
  await writeFile(file, before.replace('Write to me and I answer.', 'Write to me and the new one answers.'));
  let asked = 0;
  await waitFor(async () => {
    // Nobody is left without an answer while tasks come and go.
    if ((await answers()).length === asked) {
      asked += 1;
      await telegram.say(CHAT, '/start');
    }
    return /tasks replaced, one after the other/.test(run.output());
  }, until('the rolling deploy'));
  await waitFor(async () => (await answers()).length === asked, until('the last answer'));
  assert.ok(asked > 1);
  await telegram.say(CHAT, '/start');
  await waitFor(async () => (await answers()).at(-1)?.includes('the new one answers'), until('the new answer'));
  assert.match(run.output(), /app\/features\/basics\/en\.ftl changed: rolling deploy/);
  const { errors } = await telegram.stats();
  assert.deepEqual(errors, {}, 'nothing was sent twice or wrongly');

  await writeFile(file, 'this = { is no');
  await waitFor(
    () => /the deploy is given up at \S+, which goes on as it was/.test(run.output()),
    until('the deploy given up'),
  );
  await telegram.say(CHAT, '/start');
  await waitFor(async () => (await answers()).length === asked + 2, until('an answer by the tasks of before'));
  assert.match((await answers()).at(-1)!, /the new one answers/);
  run.process.kill('SIGINT');
  assert.equal(await run.ended, 0);
});
