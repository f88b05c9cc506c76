/** Novita says that a render is over: whoever says so is believed nothing but that, and what was lost is found by it. */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { renderAddress } from '../../../app/providers/render-names.ts';
import { off } from '../../harness/feature.ts';
import { startWorld } from '../../harness/world.ts';
import { people, QUICK, WITHIN } from './studio.rig.ts';

/** So slow to look that nothing but a callback can be the reason. */
const world = await startWorld(
  { after },
  {
    posture: {
      ...QUICK,
      features: { ...off('chat', 'wallet', 'remind'), studio: true },
      studio: {
        image: { takes: '4m', deadline: '30m' },
        video: { takes: '4m', deadline: '30m' },
        poll: { first: '2m', max: '4m' },
        orphan: '2m',
        reserve: '1h',
        fallback: 'automatic',
      },
    },
  },
);
const { novita, database, telegram } = world;
const { give, balance, order, said, rows, files, sound, until } = people({ after }, world);
const web = await world.startTask({ after }, 'web');
await web.ready(WITHIN);
await world.setWebhook(web);
const publicUrl = await web.url();
const worker = await world.startTask({ after }, 'worker', { env: { PUBLIC_URL: publicUrl } });
await worker.ready(WITHIN);

beforeEach(() => void (novita.faults = {}));

const post = async (url: string, body = '{}'): Promise<number> =>
  (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status;

test('a callback has the render looked at at once', async () => {
  await give(1);
  await order(1, '/image a cat');
  await said(1, /^Done\. You paid 10 credits/);
  const looks = await database.sql<{ look: number | null; state: string }>(
    `SELECT (data->>'look')::int AS look, state::text FROM pgboss.job WHERE name = 'look' ORDER BY created_on`,
  );
  assert.deepEqual(looks, [
    { look: 0, state: 'created' },
    { look: null, state: 'completed' },
  ]);
});

test('a render whose number was lost on its way is found by its callback, and begun once', async () => {
  await give(2);
  novita.faults = { loseAnswers: true };
  const before = novita.tasks().length;
  await order(2, '/image a dog');
  await said(2, /^Done\. You paid 10 credits/);
  assert.equal(novita.tasks().length - before, 1);
  assert.equal(files(2).length, 1);
  assert.equal((await rows(2))[0]!.tries, 1);
  await sound();
});

test('who was not given the address is refused; what comes by it twice, broken or with a lie changes nothing', async () => {
  await give(3);
  novita.faults = { loseCallbacks: true, slow: 100_000 };
  await order(3, '/image a fox');
  await until('it is under way', async () => (await rows(3))[0]?.state === 'submitted');
  const { id, task } = (await rows(3))[0]!;
  const address = renderAddress(publicUrl, telegram.botToken, `${id}-1`);
  for (const forged of [
    `${publicUrl}/callback/novita/`,
    `${publicUrl}/callback/novita/${id}-1`,
    `${publicUrl}/callback/novita/${id}-1.${'a'.repeat(43)}`,
    address.replace(`${id}-1.`, `${id}-2.`),
    renderAddress(publicUrl, '1:another-token-of-nobody', `${id}-1`),
  ])
    assert.ok([403, 404].includes(await post(forged)), forged);
  assert.equal((await web.health()).callbacks!['novita']!.forged, 5);
  const lie = {
    payload: { task: { task_id: 'another', status: 'TASK_STATUS_SUCCEED' }, images: [{ image_url: 'http://x.test' }] },
  };
  for (const body of ['{}', 'not JSON', JSON.stringify(lie), JSON.stringify(lie)])
    assert.equal(await post(address, body), 200);
  await until('they are looked at', async () => {
    const [row] = await database.sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM pgboss.job WHERE name = 'look' AND data->>'look' IS NULL AND (data->>'render')::int = $1 AND state = 'completed'`,
      [id],
    );
    return row!.n === 2;
  });
  const [row] = await rows(3);
  assert.deepEqual([row!.state, row!.task], ['submitted', task]);
  novita.finish(task!, 'done');
  assert.equal(await post(address, '{"now":"it is"}'), 200);
  // The same words as before are the same callback; its task is another one.
  assert.equal(await post(address, JSON.stringify({ payload: { task: { task_id: task } } })), 200);
  await said(3, /^Done/);
  assert.equal(files(3).length, 1);
});

test('where it is declared, a video that failed becomes a picture, charged as one', async () => {
  await give(4);
  novita.faults = { slow: 100_000 };
  await order(4, '/video waves');
  const begun = () => novita.tasks().filter(({ prompt }) => prompt === 'waves');
  for (const nth of [1, 2]) {
    await until(`render ${nth}`, () => begun().length === nth);
    novita.finish(begun().at(-1)!.id, 'failed');
  }
  await until('a picture in its place', () => begun().length === 3);
  assert.deepEqual(
    begun().map(({ kind }) => kind),
    ['video', 'video', 'image'],
  );
  novita.finish(begun().at(-1)!.id, 'done');
  await said(4, /^Done\. You paid 10 credits; 90 left/);
  assert.equal(files(4)[0]!.media!.kind, 'photo');
  assert.deepEqual(await balance(4), { available: 90n, held: 0n, debt: 0n });
  assert.deepEqual(
    await database.sql(
      `SELECT kind, amount::int FROM evenkeel.ledger_tx WHERE user_id = 4 AND kind <> 'credit' ORDER BY id`,
    ),
    [
      { kind: 'reserve', amount: 80 },
      { kind: 'settle', amount: 10 },
    ],
  );
  await sound();
});
