/** What is taken for another database and what is not, and how a person stops and goes on (fault restored-twice). */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { nameServer, readHeld, startLineage } from '../../../app/database/lineage.ts';
import { createPool } from '../../../app/database/pool.ts';
import { withTx } from '../../../app/database/tx.ts';
import { parseOps } from '../../../app/ops/parse.ts';
import { perform } from '../../../app/ops/perform.ts';
import { say } from '../../../app/outbox/index.ts';
import { claimMessages } from '../../../app/outbox/store.ts';
import { migrate } from '../../../app/roles/migrate.ts';
import { once, type TestDatabase } from '../../harness/database.ts';
import { cleanup, type Owner } from '../../harness/cleanup.ts';
import { workerPool } from '../../harness/lanes.ts';
import { captureLog } from '../../harness/logs.ts';
import { snapshot } from '../../harness/restore.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after }, { durable: true });
const { botId, posture } = world;

const ask = (database: TestDatabase, server: string | undefined, ...args: string[]) =>
  perform({
    url: database.url('operator'),
    posture,
    parsed: parseOps(args),
    by: { who: 'ada', via: 'test' },
    server,
    log: captureLog().log,
  });

/** A worker's pool on a server of that name. */
function onServer(owner: Owner, database: TestDatabase, server: string) {
  const pool = createPool({ url: database.url('worker'), posture, role: 'worker', log: captureLog().log, server });
  cleanup(owner)(() => pool.end());
  return pool;
}

const write = (pool: ReturnType<typeof workerPool>, cause: string, name: 'notice' | 'marketing' = 'notice') =>
  withTx(pool, (tx) => say(tx, { cause, class: name, chat: 1, method: 'sendMessage', payload: { text: 'x' } }));

const migrateAs = (database: TestDatabase, server: string) =>
  migrate(
    {
      role: 'migrate',
      posture,
      env: { DATABASE_URL: database.url(), ...world.postgres.migrationPasswords(), DATABASE_SERVER: server },
    },
    captureLog().log,
  );

test('a crash, a restart, another migration and VACUUM FULL are not a restore', async (t) => {
  const database = await world.freshDatabase(t);
  const pool = workerPool(t, database, posture);
  const lineage = startLineage({ db: () => pool, log: captureLog().log });
  t.after(() => lineage.stop());
  await write(pool, 'one');
  await lineage.load();
  for (const mode of ['immediate', 'fast'] as const) {
    await world.postgres.restart(mode);
    await waitFor(
      () =>
        lineage.load().then(
          () => true,
          () => false,
        ),
      { what: 'the server' },
    );
    assert.deepEqual(lineage.held(), []);
  }
  await migrateAs(database, 'db-ONE');
  await database.sql('VACUUM FULL evenkeel.lineage');
  await database.sql('VACUUM FULL evenkeel.outbox');
  assert.deepEqual(await readHeld(onServer(t, database, 'db-ONE')), []);
  assert.equal((await claimMessages(pool, botId, 1, lineage.seen())).length, 1);
});

test('a server of another name holds, also after it was migrated; its own name is accepted by resume and no other', async (t) => {
  const database = await world.freshDatabase(t);
  await migrateAs(database, 'db-ONE');
  const [one, two] = ['db-ONE', 'db-TWO'].map((server) => onServer(t, database, server)) as [
    ReturnType<typeof onServer>,
    ReturnType<typeof onServer>,
  ];
  await write(one, 'a');
  await migrateAs(database, 'db-TWO');
  assert.deepEqual(await readHeld(two), ['another server: db-TWO, accepted was db-ONE']);
  assert.deepEqual(await claimMessages(two, botId, 5), []);
  assert.equal((await ask(database, 'db-TWO', 'resume', '--reason', 'moved')).ok ?? true, true);
  assert.deepEqual(await readHeld(two), []);
  assert.deepEqual(await readHeld(one), ['another server: db-ONE, accepted was db-TWO']);
  assert.equal((await claimMessages(two, botId, 5)).length, 1);
});

test('noticed once it stays, whatever the server says of itself later', async (t) => {
  const database = await world.freshDatabase(t);
  await migrateAs(database, 'db-ONE');
  const two = onServer(t, database, 'db-TWO');
  const logs = captureLog();
  const lineage = startLineage({ db: () => two, log: logs.log });
  t.after(() => lineage.stop());
  await lineage.load();
  const one = onServer(t, database, 'db-ONE');
  assert.deepEqual(await readHeld(one), ['another server: db-TWO, accepted was db-ONE']);
  assert.ok(logs.lines.some(({ msg }) => /^held: /.test(msg)));
  assert.deepEqual(await readHeld(two), ['another server: db-TWO, accepted was db-ONE'], 'told once');
});

test('storage put back under the same name, identifier and timeline: who has seen more of its log sends nothing', async (t) => {
  // The last first: a server that ends before the pools on it leaves them waiting for their connections to end.
  const owner = { after: cleanup(t) };
  const database = await world.freshDatabase(owner);
  const pool = workerPool(owner, database, posture);
  await write(pool, 'before');
  const putBack = await snapshot(owner, world);
  const logs = captureLog();
  let now = pool;
  const lineage = startLineage({ db: () => now, log: logs.log });
  owner.after(() => lineage.stop());
  for (let n = 0; n < 50; n += 1) await write(pool, `lost:${n}`);
  // More than the migration of the server that is put back writes: a bot that was lost for a while has written far more.
  await once(world.postgres.url(), 'SELECT pg_switch_wal()');
  await write(pool, 'lost');
  await lineage.load();
  assert.deepEqual(lineage.held(), []);

  const again = await putBack(database.name);
  now = workerPool(owner, again, posture);
  assert.deepEqual(await readHeld(now), [], 'it knows nothing of it itself');
  assert.deepEqual(
    await claimMessages(now, botId, 5, lineage.seen()),
    [],
    'and says nothing before anybody has looked',
  );
  await lineage.load();
  assert.match(lineage.held()!.join(), /it has gone back/);
  // From now on it is known to all, and in the next life of this process as well.
  assert.match((await readHeld(now)).join(), /it has gone back/);
  assert.deepEqual(await claimMessages(now, botId, 5), []);
  assert.equal((await ask(again, undefined, 'resume', '--reason', 'looked')).ok ?? true, true);
  await lineage.load();
  assert.deepEqual(lineage.held(), []);
  assert.equal((await claimMessages(now, botId, 5, lineage.seen())).length, 1);
});

test('hold, held drop and resume: by hand, each written down, and nothing twice', async (t) => {
  const database = await world.freshDatabase(t);
  const pool = workerPool(t, database, posture);
  await write(pool, 'a');
  await write(pool, 'b', 'marketing');
  assert.deepEqual((await ask(database, undefined, 'held')).said, [
    'Everything goes out: the database is the accepted one.',
  ]);
  assert.equal((await ask(database, undefined, 'resume', '--reason', 'x')).ok, false);
  assert.equal((await ask(database, undefined, 'held', 'drop', 'marketing', '--reason', 'x')).ok, false);
  assert.match((await ask(database, undefined, 'hold', '--dry-run')).said.join(), /would/);
  assert.deepEqual(await readHeld(pool), []);
  assert.equal((await ask(database, undefined, 'hold', '--reason', 'a broadcast went wrong')).ok ?? true, true);
  assert.equal((await ask(database, undefined, 'hold', '--reason', 'again')).ok, false);
  assert.deepEqual(await readHeld(pool), ['by hand: a broadcast went wrong']);
  assert.deepEqual(await claimMessages(pool, botId, 5), []);
  assert.equal((await ask(database, undefined, 'held', 'drop', 'receipt', '--reason', 'x')).ok, false);
  assert.deepEqual((await ask(database, undefined, 'held', 'drop', 'marketing', '--reason', 'sent already')).said, [
    '1 messages are left unsaid.',
  ]);
  const dry = await ask(database, undefined, 'resume', '--dry-run');
  assert.deepEqual(dry.tables.find(({ title }) => title === 'messages that wait')?.rows.length, 1);
  assert.equal((await ask(database, undefined, 'resume', '--reason', 'mended')).ok ?? true, true);
  assert.equal((await claimMessages(pool, botId, 5)).length, 1);
  assert.deepEqual(
    await database.sql('SELECT verb, who, reason FROM evenkeel.audit ORDER BY id'),
    [
      ['hold', 'a broadcast went wrong'],
      ['held drop', 'sent already'],
      ['resume', 'mended'],
    ].map(([verb, reason]) => ({ verb, who: 'ada', reason })),
  );
});

test('an empty dump loaded anew has other tables, and is held; so is one that nobody has accepted', async (t) => {
  const database = await world.freshDatabase(t);
  const pool = workerPool(t, database, posture);
  await database.sql(
    `CREATE TABLE evenkeel.again (LIKE evenkeel.lineage INCLUDING ALL); INSERT INTO evenkeel.again SELECT * FROM evenkeel.lineage;
     DROP TABLE evenkeel.lineage; ALTER TABLE evenkeel.again RENAME TO lineage; GRANT SELECT ON evenkeel.lineage TO worker;
     ALTER TABLE evenkeel.lineage OWNER TO owner`,
  );
  assert.deepEqual(await readHeld(pool), ['its tables were made anew, as by a dump that was loaded']);
  await database.sql('DELETE FROM evenkeel.lineage');
  assert.deepEqual(await readHeld(pool), ['nobody has accepted this database']);
  await nameServer({ query: (text: string, values: unknown[]) => database.sql(text, values) } as never, 'db-ONE');
  assert.deepEqual(await claimMessages(pool, botId, 5), []);
});
