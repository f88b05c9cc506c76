/** Killed between any two statements, the ledger agrees with itself, and what is repeated happens once (fault charge-without-record). */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { balanceOf, checkLedger, isSound } from '../../../app/ledger/index.ts';
import { startChild } from '../../../local/platform/process.ts';
import { workerPool } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';
import { AFTERWARDS, finish, live } from './fixtures/life.ts';

const world = await startWorld({ after });
const botId = 1;
const LIFE = fileURLToPath(new URL('fixtures/life.ts', import.meta.url));

test('a transaction that ends before any of its statements leaves nothing of itself', async (t) => {
  const pool = workerPool(t, world.database, world.posture);
  let userId = 0;
  for (let at = 1; ; at += 1) {
    userId += 1;
    class Killed extends Error {}
    const end = await live(pool, userId, async (statement) => {
      if (statement === at) throw new Killed();
    }).catch((error: unknown) => error);
    assert.ok(end === undefined || end instanceof Killed, String(end));
    assert.ok(isSound(await checkLedger(pool)), `cut before statement ${at}`);
    await finish(pool, userId);
    assert.deepEqual(await balanceOf(pool, { botId, userId }), AFTERWARDS, `cut before statement ${at}`);
    if (end === undefined) break;
  }
  assert.ok(userId > 20, 'every statement of six verbs');
  assert.ok(isSound(await checkLedger(pool)));
});

test('a process that is killed between two statements leaves nothing of them either', async (t) => {
  const pool = workerPool(t, world.database, world.posture);
  for (const [index, at] of [1, 2, 4, 7, 9, 13, 18, 22].entries()) {
    const userId = 1000 + index;
    const child = await startChild(process.execPath, [LIFE, world.database.url('worker'), String(userId), String(at)], {
      guard: world.guard,
      lastSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {},
    });
    let said = '';
    child.process.stdout!.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    await waitFor(() => said.includes('stopped') || said.includes('lived'), { what: `statement ${at}` });
    assert.match(said, /stopped/);
    child.process.kill('SIGKILL');
    await child.exited;
    // Its session may be at its last statement still.
    await waitFor(() => finish(pool, userId).then(() => true), { what: 'the rest' });
    assert.deepEqual(await balanceOf(pool, { botId, userId }), AFTERWARDS, `killed before statement ${at}`);
  }
  assert.ok(isSound(await checkLedger(pool)));
});
