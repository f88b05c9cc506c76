/** Dialogs and questions that are answered once: one step an update, one effect a question, whatever comes twice. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { z } from 'zod';
import { withTx } from '../../../app/database/tx.ts';
import { ask, dialogKind, ENDED, openDialog, stepDialog, tapAction, useTap } from '../../../app/people/index.ts';
import { workerPool } from '../../harness/lanes.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const database = await world.freshDatabase({ after });
const pool = workerPool({ after }, database, world.posture);
let ids = 0;
const DAY = 86_400_000;

const counting = dialogKind('counting', 1, z.strictObject({ n: z.int(), said: z.string() }));
const place = () => ({ botId: 1, chatId: (ids += 1), userId: 7 });
type Place = ReturnType<typeof place>;
const open = (at: Place, lasts = DAY) =>
  withTx(pool, (tx) => openDialog(tx, counting, at, { state: { n: 0, said: '' }, lasts }));
/** Says a word; the third ends it. */
const say = (at: Place, updateId: number, said = 'x', kind = counting) =>
  withTx(pool, (tx) =>
    stepDialog(tx, kind, { ...at, updateId }, ({ n }) => Promise.resolve(n === 2 ? ENDED : { n: n + 1, said })),
  );

test('a dialog goes on step by step, each update once, and ends', async () => {
  const at = place();
  assert.equal(await say(at, 1), undefined, 'nothing was begun');
  await open(at);
  assert.deepEqual(await say(at, 2, 'a\u0000\ud800'), {
    state: { n: 1, said: 'a\u0000\ud800' },
    ended: false,
    applied: true,
  });
  assert.deepEqual(await say(at, 2), { state: { n: 1, said: 'a\u0000\ud800' }, ended: false, applied: false });
  assert.equal((await say(at, 3))!.state.n, 2);
  assert.deepEqual(await say(at, 4), { state: { n: 2, said: 'x' }, ended: true, applied: true });
  assert.deepEqual(await say(at, 4), { state: { n: 2, said: 'x' }, ended: true, applied: false }, 'run again');
  assert.equal(await say(at, 5), undefined, 'it is over');
  await open(at);
  assert.equal((await say(at, 6))!.state.n, 1, 'and may begin anew');
});

test('steps at the same moment are one after the other, and one that fails has not been', async () => {
  const at = place();
  await open(at);
  await assert.rejects(
    withTx(pool, async (tx) => {
      await stepDialog(tx, counting, { ...at, updateId: 9 }, ({ said }) => Promise.resolve({ n: 1, said }));
      throw new Error('killed');
    }),
    /killed/,
  );
  // A chat's updates come in order; one of them may be run twice at once, by a worker that was given up too early.
  for (const updateId of [1, 2]) {
    const steps = await Promise.all([updateId, updateId, updateId].map((id) => say(at, id)));
    assert.equal(steps.filter((step) => step?.applied).length, 1);
  }
  const [row] = await database.sql<{ n: number }>(
    `SELECT (state->>'n')::int AS n FROM evenkeel.dialog WHERE chat_id = $1`,
    [at.chatId],
  );
  assert.equal(row!.n, 2);
});

test("somebody else's message, an expired dialog, another release's and another kind are no step", async () => {
  const at = place();
  await open(at);
  assert.equal(await say({ ...at, userId: 8 }, 1), undefined);
  assert.equal(await say(at, 1, 'x', dialogKind('counting', 2, counting.state)), undefined);
  assert.equal(await say(at, 1, 'x', dialogKind('other', 1, counting.state)), undefined);
  await database.sql(`UPDATE evenkeel.dialog SET state = '{"n":"one"}' WHERE chat_id = $1`, [at.chatId]);
  assert.equal(await say(at, 1), undefined, 'what cannot be read');
  await open(at, -1);
  assert.equal(await say(at, 1), undefined, 'expired');
});

const buy = tapAction('buy-one', z.strictObject({ price: z.int() }), ['yes', 'no']);
async function question(userId: number, { lasts = DAY, cause = `c${(ids += 1)}` } = {}) {
  const data = await withTx(pool, (tx) => ask(tx, buy, { botId: 1, userId, cause, input: { price: 5 }, lasts }));
  return data('yes').split(':')[1]!;
}
let effects = 0;
const tap = (token: string, userId: number, updateId: number, fails = false) =>
  withTx(pool, async (tx) => {
    const used = await useTap(
      tx,
      buy,
      { botId: 1, userId, updateId, token, choice: 'yes' },
      async ({ price }, choice) => {
        await tx.query('SELECT 1');
        return { effect: (effects += 1), price, choice };
      },
    );
    if (fails) throw new Error('killed');
    return used;
  });

test('a question is answered once; who runs the same answer again is told what came of it', async () => {
  const token = await question(7);
  await assert.rejects(tap(token, 7, 1, true), /killed/);
  const used = await tap(token, 7, 2);
  assert.deepEqual(used, { result: { effect: effects, price: 5, choice: 'yes' } });
  const before = effects;
  assert.deepEqual(await tap(token, 7, 2), used);
  assert.deepEqual(await tap(token, 7, 3), { refused: 'used' });
  assert.equal(effects, before);
});

test('twenty taps at the same moment have one effect', async () => {
  const token = await question(7);
  const before = effects;
  const used = await Promise.all(Array.from({ length: 20 }, (_, n) => tap(token, 7, 100 + n)));
  assert.equal(used.filter((one) => 'result' in one).length, 1);
  assert.equal(effects, before + 1);
});

test('asked again by the same cause it is the same question; others are not its answerers, and it does not last', async () => {
  const cause = 'the same';
  const [one, two] = [await question(7, { cause }), await question(7, { cause })];
  assert.equal(one, two);
  assert.deepEqual(await tap(one, 8, 1), { refused: 'foreign' });
  assert.deepEqual(await tap(await question(7, { lasts: -1 }), 7, 1), { refused: 'old' });
  assert.deepEqual(await tap('A'.repeat(22), 7, 1), { refused: 'old' });
});
