/** What answers of the chat cost: free ones first, then credits by what they took; nothing where nothing was delivered. */
import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import fc from 'fast-check';
import { estimateOf, mostOf, priceOf } from '../../../app/features/chat/price.ts';
import { texts } from '../../../app/features/chat/texts.ts';
import { withTx } from '../../../app/database/tx.ts';
import { balanceOf, checkLedger, credit, isSound, releaseExpired, reserve } from '../../../app/ledger/index.ts';
import { resolve } from '../../../posture/resolve.ts';
import type { PostureInput } from '../../../posture/schema/index.ts';
import { createTestBot } from '../../harness/bot.ts';
import { startLanes, store } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { message } from '../../harness/webhook.ts';
import { raised, startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const { telegram, openrouter, database, botId } = world;
afterEach(() => {
  openrouter.faults = {};
  telegram.faults = {};
});

const [OWNER, SUPPORT] = [7_001, 7_002];
const FREE = 2;
/** Whatever it is called that sells: the chat stands without it as well. */
const NOTHING_FOR_SALE: object = { wallet: false };
const given = (more: PostureInput = {}) =>
  resolve(
    raised({
      chat: { free: FREE },
      people: { owners: [OWNER], support: [SUPPORT] },
      // What fails here is not about the breaker.
      providers: { openrouter: { breaker: { minimumCalls: 1_000 } } },
      ...more,
    }),
  );

async function bot(posture = given()) {
  const { handle } = createTestBot({ after }, { world, database, posture });
  const { pool, logs } = await startLanes({ after }, { database, posture, handle, botId });
  return { pool, logs };
}
const { pool, logs } = await bot();

let lastUser = 0;
let lastUpdate = 0;

const heard = (user: number) => telegram.messages(user).filter(({ from }) => from === 'bot');
const stateOf = async (id: number) =>
  (await database.sql<{ state: string }>('SELECT state FROM evenkeel.inbox WHERE update_id = $1', [id]))[0]?.state;

/** Asks, and resolves with what was said when the update is over. */
async function ask(user: number, text = 'hm?'): Promise<string> {
  const id = ++lastUpdate;
  await store(pool, [message(id, user, text)], botId);
  await waitFor(async () => (await stateOf(id)) === 'done', { what: `update ${id} to be done` });
  return heard(user).at(-1)?.text ?? '';
}

/** A person, with credits. */
async function person(credits = 0n, user = ++lastUser): Promise<number> {
  telegram.open(user, 'Ada');
  if (credits > 0n)
    await withTx(pool, (tx) =>
      credit(tx, { botId, userId: user, cause: `stars:${user}` }, { amount: credits, from: 'stars' }),
    );
  return user;
}
/** One who has had today's free answers. */
async function beyondFree(credits = 0n): Promise<number> {
  const user = await person(credits);
  for (let n = 0; n < FREE; n += 1) await ask(user);
  return user;
}

const balance = (userId: number) => balanceOf(pool, { botId, userId });
const bills = (user: number) =>
  database.sql<{ free: boolean; held: string | null; price: string | null; counted: boolean }>(
    'SELECT free, held::text, price::text, counted FROM evenkeel.answer WHERE user_id = $1 ORDER BY update_id',
    [user],
  );
const asked = (user: number) => database.sql('SELECT FROM evenkeel.message WHERE chat_id = $1', [user]);
const sound = async () => assert.ok(isSound(await withTx(pool, (tx) => checkLedger(tx))));

test('a day’s free answers first, the last of them says so; then credits, by what the provider has counted', async () => {
  const user = await person(100n);
  const said = [await ask(user, 'one'), await ask(user, 'two')];
  assert.ok(!said[0]!.includes(texts['last-free']('en')));
  assert.ok(said[1]!.endsWith(texts['last-free']('en')), said[1]);
  assert.equal((await balance(user)).available, 100n);
  const third = await ask(user, 'three');
  const [, , bill] = await bills(user);
  assert.equal(bill!.free, false);
  const price = BigInt(bill!.price!);
  assert.ok(price > 0n && price <= BigInt(bill!.held!));
  assert.ok(third.endsWith(texts.paid('en', { price })), third);
  assert.deepEqual(await balance(user), { available: 100n - price, held: 0n, debt: 0n });
  const words = await database.sql<{ text: string }>(
    `SELECT text FROM evenkeel.message WHERE chat_id = $1 AND role = 'assistant'`,
    [user],
  );
  assert.ok(
    words.every(({ text }) => !/credit/.test(text)),
    'what it cost is not told to the model',
  );
  const [revenue] = await database.sql<{ sum: string }>(
    `SELECT sum(amount)::text FROM evenkeel.ledger_entry WHERE account = 'revenue:chat' AND tx IN (SELECT id FROM evenkeel.ledger_tx WHERE user_id = $1)`,
    [user],
  );
  assert.equal(revenue!.sum, String(price));
  await sound();
});

test('who has no free answer left and too few credits is told how many, how to get them, and when the free ones are back', async () => {
  const user = await beyondFree(1n);
  const { calls } = openrouter.stats();
  const kept = (await asked(user)).length;
  const said = await ask(user, 'and now?');
  assert.match(
    said,
    /^An answer may cost up to \d+ credits, and you have 1: \/topup\. Free answers are back in \d+ hours?\.$/,
  );
  assert.ok(!said.includes('\n'), 'one line');
  assert.equal(openrouter.stats().calls, calls, 'nobody was asked');
  assert.equal((await asked(user)).length, kept, 'it is not part of the conversation');
  assert.deepEqual(await balance(user), { available: 1n, held: 0n, debt: 0n });
  // The day is over, by the database's clock.
  await database.sql(`UPDATE evenkeel.answer SET day = day - 1 WHERE user_id = $1`, [user]);
  assert.match(await ask(user, 'and now?'), /You asked/);
  assert.equal((await balance(user)).available, 1n);
  await sound();
});

test('owners and support pay nothing; nor does anybody where nothing is for sale, or where it costs nothing', async () => {
  for (const user of [OWNER, SUPPORT]) {
    await person(0n, user);
    for (let n = 0; n <= FREE; n += 1) assert.match(await ask(user), /You asked/);
    assert.deepEqual(await bills(user), []);
  }
  for (const posture of [
    given({ features: NOTHING_FOR_SALE }),
    given({ chat: { free: 0, price: { in: 0, out: 0 } } }),
  ]) {
    const other = createTestBot({ after }, { world, database, posture });
    const user = await person();
    for (let n = 0; n <= FREE; n += 1) await other.run(message(++lastUpdate, user, 'hm?'));
    assert.equal(heard(user).length, FREE + 1);
    assert.ok(heard(user).every(({ text }) => !/credit/.test(text)));
    assert.deepEqual(await bills(user), []);
  }
});

test('where nothing was delivered nothing is charged, and a free answer is there again', async () => {
  for (const [faults, words] of [
    [{ error: true }, texts.away('en')],
    [{ empty: true }, texts.refused('en')],
    [{ declines: true }, texts.refused('en')],
  ] as const) {
    const user = await person(100n);
    openrouter.faults = faults;
    for (let n = 0; n <= FREE; n += 1) assert.equal(await ask(user), words, 'a free one is not used up');
    openrouter.faults = {};
    for (let n = 0; n < FREE; n += 1) await ask(user);
    openrouter.faults = faults;
    assert.equal(await ask(user), `${words} ${texts['not-charged']('en')}`);
    assert.deepEqual(await balance(user), { available: 100n, held: 0n, debt: 0n });
    assert.equal((await bills(user)).length, FREE);
    openrouter.faults = {};
    assert.match(await ask(user), /credit/, 'the next one is charged');
  }
  await sound();
});

test('what breaks off, and what the provider does not count, is charged by what has arrived, and says so', async () => {
  for (const faults of [{ cuts: true }, { breaksOff: true }, { noUsage: true }]) {
    const user = await beyondFree(100n);
    // Word by word, so that what has left has arrived when it is cut.
    openrouter.faults = { ...faults, pace: 20 };
    const said = await ask(user, 'tell me a list of steps');
    openrouter.faults = {};
    const bill = (await bills(user)).at(-1)!;
    const price = BigInt(bill.price!);
    assert.equal(bill.counted, false);
    assert.ok(price > 0n && price <= BigInt(bill.held!));
    assert.ok(said.endsWith(texts['paid-estimated']('en', { price })), said);
    assert.equal(said.includes(texts['broke-off']('en')), !('noUsage' in faults));
    assert.deepEqual(await balance(user), { available: 100n - price, held: 0n, debt: 0n });
  }
  await sound();
});

test('a provider that counts more than can have been is believed up to what is held', async () => {
  const user = await beyondFree(100n);
  openrouter.faults = { overcounts: true };
  await ask(user);
  const bill = (await bills(user)).at(-1)!;
  assert.equal(bill.price, bill.held);
  assert.equal((await balance(user)).available, 100n - BigInt(bill.held!));
  await sound();
});

test('who has blocked the bot before the answer came does not pay for it', async () => {
  const user = await beyondFree(100n);
  telegram.faults = { blocked: [user] };
  await ask(user);
  telegram.faults = {};
  assert.deepEqual(await balance(user), { available: 100n, held: 0n, debt: 0n });
  assert.equal((await bills(user)).length, FREE);
  await sound();
});

test('credits that were given back meanwhile are not taken: the answer is there, and nobody pays', async () => {
  const user = await beyondFree(100n);
  const id = ++lastUpdate;
  // As the sweep would have left it after a week in the desk.
  await withTx(pool, (tx) => reserve(tx, { botId, userId: user, cause: `chat:${id}` }, { amount: 5n, ttl: 1 }));
  await database.sql(`UPDATE evenkeel.reserve SET expires_at = now() - interval '1 s' WHERE cause = $1`, [
    `chat:${id}`,
  ]);
  await releaseExpired(pool, new AbortController().signal);
  await store(pool, [message(id, user, 'after a week')], botId);
  await waitFor(async () => (await stateOf(id)) === 'done', { what: 'the update to be done' });
  assert.match(heard(user).at(-1)!.text, /after a week/);
  assert.deepEqual(await balance(user), { available: 100n, held: 0n, debt: 0n });
  assert.deepEqual(logs.matching(/parked/), []);
  await sound();
});

test('the most that an answer can cost is never less than what it costs', () => {
  const rates = fc.record({ in: fc.integer({ min: 0, max: 5_000 }), out: fc.integer({ min: 0, max: 5_000 }) });
  const words = fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(
      rates,
      words,
      fc.integer({ min: 1, max: 5_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (rate, lines, maxTokens, share) => {
        const messages = lines.map((content) => ({ role: 'user' as const, content }));
        const most = mostOf(rate, messages, maxTokens);
        const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
        const price = priceOf(rate, { promptTokens: bytes, completionTokens: Math.floor(maxTokens * share) });
        assert.ok(price <= most);
        assert.ok(price * 1000n >= BigInt(rate.in) * BigInt(bytes), 'rounded up');
        assert.ok(estimateOf(rate, 'x'.repeat(Math.floor(4 * maxTokens * share))) <= most);
      },
    ),
  );
});
