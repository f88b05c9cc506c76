/** The last net, over a large backlog. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createSweep } from '../../../app/lanes/sweep.ts';
import { BOT_ID, workerPool } from '../../harness/lanes.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const { posture } = world;

/** More than two statements look at. */
const LANES = 12_000;

test('one round finds a stranded lane behind a backlog in thousands of others; one that has no time goes on from there', async (t) => {
  const database = await world.freshDatabase(t);
  const pool = workerPool(t, database, posture);
  const backlog = (made: string) => database.sql(made, [String(BOT_ID), BOT_ID, LANES]);
  await backlog(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, body, received_at)
     SELECT $2, n, 'chat', $1 || ':' || lpad(n::text, 6, '0'), '{}', now() - interval '1 hour' FROM generate_series(1, $3::int) AS n`,
  );
  await backlog(
    `INSERT INTO evenkeel.lane (bot_id, queue, lane)
     SELECT $2, 'chat', $1 || ':' || lpad(n::text, 6, '0') FROM generate_series(1, $3::int - 1) AS n`,
  );
  const strand = () => database.sql('DELETE FROM evenkeel.lane WHERE lane = $1', [`${BOT_ID}:0${LANES}`]);

  assert.equal(await createSweep(pool, posture, Infinity)(), 1, 'whatever stands before it');
  await strand();
  const hurried = createSweep(pool, posture, 0);
  assert.deepEqual(
    [await hurried(), await hurried(), await hurried()],
    [0, 0, 1],
    'a part a call, from where the last one ended',
  );
  await strand();
  assert.equal(
    await createSweep(pool, posture, Infinity)(AbortSignal.abort()),
    0,
    'a worker that leaves does not go all the way',
  );
});
