/** A database of the release before, with work in it, migrates while the tasks of that release go on. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { migrate } from '../../../app/roles/migrate.ts';
import { cleanup } from '../../harness/cleanup.ts';
import { freshDatabase } from '../../harness/database.ts';
import { captureLog } from '../../harness/logs.ts';
import { startWorld } from '../../harness/world.ts';
import { installReleaseBefore, startOldTasks } from './fixtures/release-before.ts';

const world = await startWorld({ after });
const ROWS = 200_000;

/** 200,000 updates: 2,000 that wait, 20 that were given up, the others done. */
const FILL = `
  INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, attempts, received_at, settled_at, last_error, body)
  SELECT 1, n, 'chat', '1:' || n % 5000,
         CASE WHEN n % 10000 = 5000 THEN 'parked' WHEN n % 100 = 1 THEN 'pending' ELSE 'done' END, n % 3,
         now() - interval '9 days' + n * interval '3 s', CASE WHEN n % 100 <> 1 THEN now() END,
         CASE WHEN n % 10000 = 5000 THEN 'Forbidden' END, '{"update_id":' || n || '}'
  FROM generate_series(1, ${ROWS}) AS n`;

test('pending and parked updates are there afterwards, and no statement of an old task failed meanwhile', async (t) => {
  const undo = cleanup(t);
  const database = await freshDatabase(world.postgres, undo, 'template0');
  await installReleaseBefore(database.url());
  await database.sql(FILL);
  const work = () =>
    database.sql(`SELECT update_id, state, attempts, lane, last_error, body FROM evenkeel.inbox
                  WHERE bot_id = 1 AND state <> 'done' ORDER BY update_id`);
  const before = await work();
  assert.equal(before.length, 2020);

  const old = startOldTasks(undo, (role) => database.url(role), world.posture);
  await old.goOn('the old tasks to work');
  await migrate(
    {
      role: 'migrate',
      posture: world.posture,
      env: {
        DATABASE_URL: database.url(),
        ...world.postgres.migrationPasswords(),
      },
    },
    captureLog().log,
  );
  await old.goOn('the old tasks to work on the new schema');
  const stored = await old.stop();

  assert.deepEqual(await work(), before);
  const [kept] = await database.sql<{ count: number }>('SELECT count(*) FROM evenkeel.inbox WHERE bot_id = 2');
  assert.equal(kept!.count, stored, 'what was acknowledged meanwhile');
  assert.deepEqual(
    await database.sql(
      `SELECT indexrelid::regclass::text AS index FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
       WHERE relnamespace = 'evenkeel'::regnamespace AND NOT (indisvalid AND indisready)`,
    ),
    [],
    'no index is left half built',
  );
});

test('a build of an index that was interrupted is repaired by the next migration', async (t) => {
  const undo = cleanup(t);
  const database = await freshDatabase(world.postgres, undo, 'template0');
  await installReleaseBefore(database.url());
  await database.sql('CREATE INDEX inbox_done ON evenkeel.inbox (queue)');
  await database.sql(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'evenkeel.inbox_done'::regclass`);
  const task = await world.startTask(t, 'migrate', { database });
  assert.deepEqual(await task.exited, { code: 0, signal: null }, task.output.join('\n'));
  const [index] = await database.sql<{ definition: string }>(
    `SELECT pg_get_indexdef('evenkeel.inbox_done'::regclass) AS definition`,
  );
  assert.match(index!.definition, /\(received_at\) WHERE \(state = 'done'::text\)/);
});
