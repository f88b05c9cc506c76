/** Every statement of renders, on a million of them (fault missing-index): planned for an empty table, and analysed. */
import { after, test } from 'node:test';
import { createPool, type Pool } from '../../../app/database/pool.ts';
import { withTx } from '../../../app/database/tx.ts';
import { forgetRenders, rendersOf } from '../../../app/features/mydata/renders.ts';
import {
  changeRender,
  hasAnother,
  lockRender,
  mayBegin,
  orderRender,
  overdueRenders,
} from '../../../app/features/studio/renders.ts';
import { createRetention } from '../../../app/jobs/retention.ts';
import { captureLog } from '../../harness/logs.ts';
import { withoutScans } from '../../harness/scans.ts';
import { startWorld } from '../../harness/world.ts';

const ROWS = 1_000_000;
const world = await startWorld({ after });
const { botId, database, posture } = world;
const { log } = captureLog();

/** Forty are under way, ten of them late; the others are over, twenty a person. */
const LOAD = `
  INSERT INTO evenkeel.render (bot_id, user_id, kind, makes, prompt, price, state, deadline_at, ordered_at, submitted_at, ended_at)
  SELECT ${botId}, n % 50000 + 1, 'image', 'image', CASE WHEN n > ${ROWS - 40} THEN 'x' END, 10,
         CASE WHEN n > ${ROWS - 40} THEN 'submitted' ELSE 'delivered' END,
         now() + (n - ${ROWS - 10}) * interval '1 min', now() - (${ROWS} - n) * interval '1 s', now() - (${ROWS} - n) * interval '1 s',
         CASE WHEN n <= ${ROWS - 40} THEN now() - (${ROWS} - n) * interval '1 s' END
  FROM generate_series(1, ${ROWS}) AS n`;

async function everything(pool: Pool, user: number): Promise<void> {
  const order = { botId, userId: user, kind: 'image', prompt: 'x', price: 10n, deadline: 60_000, atOnce: 100 } as const;
  const made = await withTx(pool, (tx) => orderRender(tx, order));
  if (typeof made === 'string') throw new Error(made);
  await withTx(pool, async (tx) => {
    const render = (await lockRender(tx, botId, made.id))!;
    await hasAnother(tx, botId, render);
    await mayBegin(tx, botId, 20);
    await changeRender(tx, render, { state: 'submitting', tries: 1, submitted: true, looks: 0 });
    await changeRender(tx, render, { state: 'delivered', ended: null });
    await overdueRenders(tx, botId, 0, 20);
  });
  await rendersOf(pool, botId, user);
  await forgetRenders(pool, botId, user);
  await createRetention({ pool, posture })({
    job: { id: '1', name: 'retention' },
    signal: AbortSignal.timeout(120_000),
    deadline: Date.now() + 120_000,
    log,
  });
}

test('no statement of a render reads a table whole', { timeout: 480_000 }, async () => {
  await database.sql('ALTER TABLE evenkeel.render SET (autovacuum_enabled = false)');
  await database.sql('ANALYZE evenkeel.render');
  await database.sql(LOAD);
  const measure = (what: string, user: number) =>
    withoutScans(
      database,
      what,
      async () => {
        const pool = createPool({ url: database.url('worker'), posture, role: 'worker', log });
        try {
          // Often enough that a prepared statement gets its generic plan as well (after five runs).
          for (let nth = 0; nth < 8; nth += 1) await everything(pool, user + nth);
        } finally {
          await pool.end();
        }
      },
      { entries: ROWS / 100 },
    );
  await measure('planned for the empty table', 60_001);
  await database.sql('ANALYZE evenkeel.render');
  await measure('analysed', 60_102);
});
