/** A pooler before the database: said in one line by whoever meets it, before anything is done through it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertDirect, explainPooler } from '../../../app/database/direct.ts';
import { sessionTimeouts } from '../../../app/database/pool.ts';
import { ROLES } from '../../../app/config.ts';
import { workerPool } from '../../harness/lanes.ts';
import { noPgBouncer, startPgBouncer } from '../../harness/pgbouncer.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const REMEDY = /; set it to the address of PostgreSQL itself: /;

const settings = {
  'PgBouncer as it comes': [{ pool_mode: 'transaction' }, /refuses the session's (lock|statement)_timeout/],
  'PgBouncer told to swallow what it does not know': [
    {
      pool_mode: 'session',
      ignore_startup_parameters: 'statement_timeout,lock_timeout,idle_in_transaction_session_timeout,options',
    },
    /drops the session's \w+_timeout \(\d+ asked, 0 in force\)/,
  ],
} as const;

for (const [what, [how, reason]] of Object.entries(settings)) {
  test(`${what} ends every role in one line that says what to do`, { skip: noPgBouncer }, async (t) => {
    const pooler = await startPgBouncer(t, world, how);
    const tasks = await Promise.all(
      // Media tasks have no login while no feature wants them.
      ROLES.filter((role) => role !== 'media').map((role) =>
        world.startTask(t, role, { env: { DATABASE_URL: pooler.url(world.env(role)['DATABASE_URL']!) } }),
      ),
    );
    for (const task of tasks) {
      assert.deepEqual(await task.exited, { code: 2, signal: null }, task.output.join('\n'));
      const fatal = task.logs.filter(({ level }) => level === 'fatal');
      assert.equal(fatal.length, 1, task.output.join('\n'));
      assert.match(fatal[0]!.msg, /^DATABASE_URL: it leads to a connection pooler, which /);
      assert.match(fatal[0]!.msg, reason);
      assert.match(fatal[0]!.msg, REMEDY);
    }
  });
}

test('PostgreSQL itself is what was asked for', async (t) => {
  await assertDirect(workerPool(t, world.database, world.posture), sessionTimeouts(world.posture));
});

test('newer poolers name the setting that they refuse; other errors stay what they are', () => {
  const refused = explainPooler(new Error('unsupported startup parameter in options: enable_seqscan'));
  assert.match((refused as Error).message, /refuses the session's enable_seqscan/);
  const other = new Error('password authentication failed');
  assert.equal(explainPooler(other), other);
});
