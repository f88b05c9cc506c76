/** /language: chosen once, and spoken by every worker, in answers at hand and in what is said later. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { off } from '../../harness/feature.ts';
import { waitFor } from '../../harness/wait.ts';
import { raised, startWorld } from '../../harness/world.ts';

const world = await startWorld({ after }, { posture: raised({ features: off('chat') }) });
const { telegram } = world;
const database = await world.freshDatabase({ after });
const web = await world.startTask({ after }, 'web', { database });
const workers = [1, 2].map(() => world.startTask({ after }, 'worker', { database }));
await Promise.all([web.ready(), ...(await Promise.all(workers)).map((worker) => worker.ready())]);
await world.setWebhook(web);

const said = (user: number) => telegram.messages(user).filter(({ from }) => from === 'bot');

async function next(user: number, act: () => unknown) {
  const before = said(user).length;
  act();
  return waitFor(() => said(user)[before], { what: `an answer to ${user}` });
}

test('what is tapped is spoken from then on, whichever worker answers, over what the app speaks', async () => {
  telegram.open(1, 'Ada', 'en');
  const asked = await next(1, () => telegram.say(1, '/language'));
  assert.equal(asked.text, 'Which language shall I speak?');
  assert.deepEqual(
    asked.buttons.flat().map(({ text }) => text),
    ['English', 'Deutsch', 'As my app does'],
  );
  const tap = (data: string) => next(1, () => telegram.tap(1, asked.messageId, data));
  assert.equal((await tap('language:de')).text, 'Ich spreche jetzt Deutsch.');
  // Other workers hear of it within moments; who is asked often enough has asked each of them.
  let german = 0;
  await waitFor(
    async () => {
      const { text } = await next(1, () => telegram.say(1, 'hm'));
      german = text === 'Du hast geschrieben: hm' ? german + 1 : 0;
      return german === 8;
    },
    { what: 'every worker to speak German' },
  );
  assert.equal((await next(1, () => telegram.say(1, '/nonsense'))).text.slice(0, 20), 'Diesen Befehl kenne ');
  // The same once more changes nothing; an unknown one is that of the app.
  assert.equal((await tap('language:de')).text, 'Ich spreche jetzt Deutsch.');
  assert.equal((await tap('language:tlh')).text.slice(0, 28), 'I speak as your app does now');
  const rows = await database.sql(`SELECT language, app_language AS app FROM evenkeel.person WHERE user_id = 1`);
  assert.deepEqual(rows[0]!['language'], null);
});

test('who has German in their app is asked in German, and may choose English', async () => {
  telegram.open(2, 'Grete', 'de');
  const asked = await next(2, () => telegram.say(2, '/language'));
  assert.equal(asked.text, 'Welche Sprache soll ich sprechen?');
  const tapped = await next(2, () => telegram.tap(2, asked.messageId, 'language:en'));
  assert.equal(tapped.text, 'I speak English now.');
});
