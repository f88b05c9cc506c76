/** People: who they are and what they are spoken to in, known everywhere, without a write or a query for each update. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { chooseLanguage, languageOf, startPeople } from '../../../app/people/index.ts';
import type { TestDatabase } from '../../harness/database.ts';
import { workerPool } from '../../harness/lanes.ts';
import { captureLog } from '../../harness/logs.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const BOT = 42;

function start(t: TestContext, database: TestDatabase) {
  const pool = workerPool(t, database, world.posture);
  const { log } = captureLog();
  const people = startPeople({ pool, botId: BOT, log });
  t.after(() => people.stop());
  return { pool, people };
}

const rows = (database: TestDatabase) =>
  database.sql<{ user: number; app: string | null; chosen: string | null; version: string }>(
    `SELECT user_id::float8 AS user, app_language AS app, language AS chosen, xmin::text AS version
     FROM evenkeel.person ORDER BY user_id`,
  );

test('somebody is written once, and again only where their app speaks something else', async (t) => {
  const database = await world.freshDatabase(t);
  const { pool, people } = start(t, database);
  for (let time = 0; time < 100; time += 1) {
    assert.equal(people.spokenTo({ id: 1, language_code: 'de-AT' }, true), 'de');
    assert.equal(people.spokenTo({ id: 2 }, true), 'en');
  }
  assert.equal(people.spokenTo({ id: 3, language_code: 'de' }, false), 'de', 'one of many in a group is not noted');
  assert.equal(people.spokenTo(undefined, true), 'en');
  const first = await waitFor(async () => ((await rows(database)).length === 2 ? rows(database) : undefined), {
    what: 'both to be written',
  });
  assert.deepEqual(
    first.map(({ user, app }) => [user, app]),
    [
      [1, 'de-AT'],
      [2, null],
    ],
  );
  // Another worker that has seen nobody yet, and one of the two with another app.
  const other = start(t, database);
  other.people.spokenTo({ id: 1, language_code: 'de-AT' }, true);
  other.people.spokenTo({ id: 2, language_code: 'DROP TABLE' }, true);
  other.people.spokenTo({ id: 4, language_code: 'pt-br' }, true);
  await waitFor(async () => (await rows(database)).length === 3, { what: 'the third' });
  const second = await rows(database);
  assert.deepEqual(second.slice(0, 2), first, 'neither row was touched');
  assert.equal(await languageOf(pool, BOT, 1), 'de');
  assert.equal(await languageOf(pool, BOT, 4), 'en');
  assert.equal(await languageOf(pool, BOT, 999), 'en', 'nobody knows them');
});

test('a choice holds at once where it was made, soon elsewhere, and over what the app speaks', async (t) => {
  const database = await world.freshDatabase(t);
  const here = start(t, database);
  const there = start(t, database);
  const asked = { id: 7, language_code: 'en' };
  const choose = async (language: 'de' | null) => {
    await withTx(here.pool, (tx) => chooseLanguage(tx, BOT, 7, language));
    await here.people.chose(7, language);
  };
  await choose('de');
  assert.equal(here.people.spokenTo(asked, true), 'de');
  there.people.wake();
  await waitFor(() => there.people.spokenTo(asked, true) === 'de', { what: 'the choice elsewhere' });
  assert.equal(await languageOf(there.pool, BOT, 7), 'de');
  // A worker that starts knows it before it handles anything.
  const later = start(t, database);
  await later.people.load();
  assert.equal(later.people.spokenTo(asked, true), 'de');
  await choose(null);
  assert.equal(here.people.spokenTo(asked, true), 'en');
  there.people.wake();
  await waitFor(() => there.people.spokenTo(asked, true) === 'en', { what: 'the choice to be gone elsewhere' });
  assert.equal(await languageOf(there.pool, BOT, 7), 'en');
});

test('who was seen just before the end is written by it', async (t) => {
  const database = await world.freshDatabase(t);
  const { people } = start(t, database);
  for (let id = 1; id <= 2500; id += 1) people.spokenTo({ id, language_code: 'de' }, true);
  await people.stop();
  assert.equal((await rows(database)).length, 2500);
});
