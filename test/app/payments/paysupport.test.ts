/** /paysupport reaches a person, whoever of those that are named has never opened the bot; or says that it does not. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openShop } from '../../harness/money.ts';
import { waitFor } from '../../harness/wait.ts';
import { raised, startWorld } from '../../harness/world.ts';

const [SUPPORT, OWNER] = [7101, 7102];
const people = { support: [SUPPORT], owners: [OWNER, SUPPORT] };
const world = await startWorld({ after }, { posture: raised({ features: { chat: false }, people }) });
const { telegram } = world;
const database = await world.freshDatabase({ after });
const shop = await openShop({ after }, world, { database });

test('nobody who is named has opened the bot: its writer is told, and nothing is parked', async () => {
  await shop.ask(1, '/paysupport R-17 is missing', /^Your words could not be passed on/);
  await shop.settled();
  assert.deepEqual(await database.sql(`SELECT FROM evenkeel.inbox WHERE state = 'parked'`), []);
});

test('the first who can be reached reads it, and whom it did not reach before', async () => {
  telegram.open(OWNER, 'Owner', 'de');
  await shop.ask(OWNER, '/start', /^Hallo/);
  await waitFor(
    async () => (await database.sql(`SELECT FROM evenkeel.person WHERE user_id = $1`, [OWNER])).length > 0,
    {
      what: 'the owner to be noted with their language',
    },
  );
  const read = shop.next(OWNER, /^Zahlungshilfe/);
  await shop.ask(1, `/paysupport ${'R-17 is missing. '.repeat(238)}`, /^Your words were passed on to a person/);
  const { text } = await read;
  assert.match(text, /\(1\) schreibt:\n\nR-17 is missing\./);
  assert.match(
    text,
    /\n\nTelegram lässt mich nicht an 7101 schreiben: Sie müssen diesen Bot öffnen und Start drücken\.$/,
  );
  telegram.open(SUPPORT);
  const first = shop.next(SUPPORT, /^Payment support/);
  await shop.ask(1, '/paysupport still', /^Your words were passed on/);
  assert.doesNotMatch((await first).text, /does not let me/);
});

test('who has blocked the bot is passed over as well', async (t) => {
  telegram.faults = { blocked: [SUPPORT] };
  t.after(() => void (telegram.faults = {}));
  const read = shop.next(OWNER, /and again/);
  await shop.ask(1, '/paysupport and again', /^Your words were passed on/);
  await waitFor(() => read, { what: 'the owner to read it' });
});
