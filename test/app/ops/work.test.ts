/** Dead jobs, and messages that were given up or are of unknown outcome: what a person sees of them and may do. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { enqueue } from '../../../app/jobs/enqueue.ts';
import { wishOf } from '../../../app/jobs/wishes.ts';
import type { Outcome } from '../../../app/ops/outcome.ts';
import { parseOps } from '../../../app/ops/parse.ts';
import { Hopeless } from '../../../app/outcome.ts';
import { jobRows, QUEUE, startTestJobs } from '../../harness/jobs.ts';
import { operatorOf } from '../../harness/ops.ts';
import { outboxRows, sayAll, text } from '../../harness/outbox.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const { posture } = world;
const SECRET = 'what a person wrote';

test('dead jobs and messages are listed, run again and given up, and the audit says by whom', async (t) => {
  const database = await world.freshDatabase(t);
  const by = { who: 'ada', via: 'a test' };
  const ask = async (...args: string[]): Promise<Outcome> => {
    const outcome = await operatorOf(database, posture, by)(...args);
    assert.ok(!JSON.stringify(outcome).includes(SECRET), JSON.stringify(outcome));
    return outcome;
  };
  const rows = ({ tables, said }: Outcome, title: RegExp) =>
    tables.find((one) => title.test(one.title))?.rows ?? assert.fail(`no table ${title}: ${said.join()}`);

  let fails = true;
  const done: number[] = [];
  const { pool, worker } = startTestJobs(t, {
    database,
    posture,
    handle: async ({ input }) => {
      if (fails) throw new Hopeless(`it will not be: "${SECRET}"`);
      done.push(input.n);
    },
  });
  const make = (n: number) => withTx(pool, (tx) => enqueue(tx, QUEUE, { n, text: SECRET }, { key: `k${n}` }));
  const first = await make(1);
  await make(2);
  await waitFor(async () => (await jobRows(database, 'dead')).length === 2, { what: 'two dead jobs' });
  const listed = rows(await ask('dead', 'list'), /dead jobs/);
  assert.deepEqual(
    listed.map(({ queue, attempts, cause }) => [queue, attempts, cause]),
    [
      ['remind', 1, 'it will not be: "…"'],
      ['remind', 1, 'it will not be: "…"'],
    ],
  );
  fails = false;
  const dead = await database.sql<{ id: string; source: string }>(
    `SELECT id, source_id AS source FROM pgboss.job WHERE name = 'dead'`,
  );
  const word = `job:${dead.find(({ source }) => source === first)!.id}`;
  const other = `job:${dead.find(({ source }) => source !== first)!.id}`;
  assert.equal(rows(await ask('dead', 'redrive', word, '--dry-run'), /^jobs$/).length, 1);
  assert.deepEqual((await ask('dead', 'redrive', word, '--reason', 'mended')).said, ['1 run again.']);
  await waitFor(() => done.length === 1, { what: 'the job to be done' });
  assert.deepEqual(done, [1]);
  assert.equal(await make(1), undefined, 'its key still makes it once');
  assert.deepEqual((await ask('dead', 'redrive', word, '--reason', 'again')).said, [
    'Nothing there that could be run again.',
  ]);
  assert.deepEqual((await ask('dead', 'dismiss', other, '--reason', 'too late')).said, ['1 given up for good.']);
  assert.deepEqual((await ask('dead', 'list')).said, ['Nothing is parked.']);
  await worker.stop(0);

  await sayAll(pool, ...['a', 'b', 'c', 'd'].map((cause, index) => text(cause, index + 1, SECRET)));
  const set = (what: string, cause: string) =>
    database.sql(`UPDATE evenkeel.outbox SET settled_at = now(), attempts = 2, ${what} WHERE cause = $1`, [cause]);
  await set(`state = 'dead', error_code = 400, error = 'refused: "${SECRET}"'`, 'a');
  await set(`state = 'dead', error_code = 400`, 'b');
  await set(`state = 'dead', error_code = 403`, 'c');
  await set(`state = 'unknown'`, 'd');
  const messages = rows(await ask('dead', 'list'), /dead messages/);
  assert.deepEqual(messages.map(({ follows }) => follows).sort(), ['a', 'b']);
  const wordOf = (cause: string) => String(messages.find(({ follows }) => follows === cause)!['message']);
  assert.deepEqual((await ask('dead', 'redrive', wordOf('a'), '--reason', 'mended')).said, ['1 run again.']);
  assert.deepEqual(
    (await outboxRows(database)).find(({ cause }) => cause === 'a'),
    {
      cause: 'a',
      state: 'waiting',
      attempts: 0,
      code: null,
    },
  );
  assert.deepEqual((await ask('dead', 'dismiss', '--all', '--queue', 'outbox', '--reason', 'old')).said, [
    '1 given up for good.',
  ]);
  const [unknown] = rows(await ask('unknown', 'list'), /messages of unknown/);
  const resolved = await ask(
    'unknown',
    'resolve',
    String(unknown!['message']),
    '--as',
    'arrived',
    '--reason',
    'they say so',
  );
  assert.deepEqual(resolved.said, ['1 taken off the list.']);
  assert.deepEqual((await ask('unknown', 'list')).said, ['No send is listed as unknown.']);
  const shown = await ask('dead', 'show', String(unknown!['message']));
  assert.equal(rows(shown, /what people did/)[0]!['reason'], 'arrived: they say so');

  const audit = await database.sql<{ verb: string; who: string }>('SELECT verb, who FROM evenkeel.audit ORDER BY id');
  assert.deepEqual(
    audit.map(({ verb }) => verb),
    ['dead redrive', 'dead dismiss', 'dead redrive', 'dead dismiss', 'unknown resolve'],
  );
  assert.ok(audit.every(({ who }) => who === 'ada'));
});

test('a word that is none of theirs, or that a verb does not take, is one line', () => {
  assert.throws(() => parseOps(['dead', 'redrive', 'job:1', '--reason', 'x']), /"job:1" is not the id of an update/);
  assert.throws(
    () => parseOps(['dead', 'park', 'message:1', '--reason', 'x']),
    /"message:1" is not the id of an update/,
  );
});

test('a dead job that is run again stays its bot’s, and whose wish it is, also where nothing else of it is left', async (t) => {
  const database = await world.freshDatabase(t);
  const bot = 7;
  let fails = true;
  const done: number[] = [];
  const { pool } = startTestJobs(t, {
    database,
    posture,
    botId: bot,
    handle: async ({ input }) => {
      if (fails) throw new Hopeless('not now');
      done.push(input.n);
    },
  });
  const whose = wishOf(bot, 31);
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1 }, { whose }));
  await waitFor(async () => (await jobRows(database, 'dead')).length === 1, { what: 'a dead job' });
  await database.sql(`DELETE FROM pgboss.job WHERE name = 'remind'`);
  fails = false;
  // Where no worker of its bot is, nobody else runs it.
  const others = startTestJobs(t, {
    database,
    posture,
    botId: 8,
    handle: () => Promise.reject(new Error('another’s')),
  });
  const [dead] = await jobRows(database, 'dead');
  await operatorOf(database, posture)('dead', 'redrive', `job:${dead!.id}`, '--reason', 'mended');
  await waitFor(() => done.length === 1, { what: 'its own bot to do it' });
  assert.deepEqual(others.logs.matching(/job begins/), []);
  assert.deepEqual(await database.sql(`SELECT group_id, singleton_key FROM pgboss.job WHERE name = 'remind'`), [
    { group_id: String(bot), singleton_key: whose },
  ]);
});
