/** What is kept of a person: shown by /mydata, deleted by /forget where it may be; and no table is left out of both. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { remember } from '../../../app/features/chat/conversation.ts';
import { KEPT } from '../../../app/features/mydata/kept.ts';
import { withTx } from '../../../app/database/tx.ts';
import { reserve } from '../../../app/ledger/index.ts';
import { say } from '../../../app/outbox/index.ts';
import { openShop } from '../../harness/money.ts';
import { waitFor } from '../../harness/wait.ts';
import { raised, startWorld } from '../../harness/world.ts';

const world = await startWorld({ after }, { posture: raised({ features: { chat: false } }) });
const { telegram, botId } = world;
const database = await world.freshDatabase({ after });
const shop = await openShop({ after }, world, { database });
const SHOWN = Object.entries(KEPT).filter(([, { shown }]) => shown === true);
const said = (user: number) => telegram.messages(user).filter(({ from }) => from === 'bot');

/** Columns that say who somebody is: their number, their chat's, or a name of theirs. */
const WHO = /^(user_id|chat_id|payer|payer_id|person|lane|who|target|owner_id)$/;

test('each table with a person in it says what /mydata and /forget do about it', async () => {
  const columns = await database.sql<{ name: string; column: string }>(
    `SELECT table_name AS name, column_name AS column FROM information_schema.columns
     JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema = 'evenkeel' AND table_type = 'BASE TABLE'`,
  );
  const holding = new Set(columns.filter(({ column }) => WHO.test(column)).map(({ name }) => name));
  // Where no column says whose a row is: who asked for a task of the bot's own, and lanes of the release before.
  for (const none of ['arrival', 'flag']) holding.delete(none);
  assert.deepEqual([...holding].sort(), Object.keys(KEPT).sort());
  for (const [name, { shown, forgotten }] of Object.entries(KEPT))
    for (const reason of [shown, forgotten]) assert.ok(reason === true || reason.length > 20, name);
});

/** Whose a row is that has something of theirs in it. */
const OF: Record<string, string> = {
  message: 'chat_id',
  dialog: 'chat_id',
  outbox: `payload::text <> '{}' AND state IN ('unknown', 'dead') AND class = 'notice' AND chat_id`,
  inbox: `body <> '' AND substring(lane FROM ':(\\d+)$')::bigint`,
};

const mine = async (user: number) => {
  const count = async (name: string): Promise<number> => {
    const [row] = await database.sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM evenkeel.${name} WHERE ${OF[name] ?? 'user_id'} = $1`,
      [user],
    );
    return row!.n;
  };
  return Object.fromEntries(await Promise.all(SHOWN.map(async ([name]) => [name, await count(name)] as const)));
};

/** Somebody with something in every table that is shown. */
async function somebody(user: number): Promise<void> {
  await shop.topUp(user);
  await shop.ask(user, '/remind', /^What shall/);
  await shop.ask(user, 'the tea', /^When shall/);
  const at = { botId, chatId: user, threadId: 0 } as const;
  await remember(shop.pool, { ...at, updateId: user * 10, role: 'user', text: `a secret of ${user}` });
  await remember(shop.pool, { ...at, updateId: user * 10, role: 'assistant', text: 'I keep it' });
  await shop.ask(user, `/remind 1d a later wish of ${user}`, /in 1 day/);
  await database.sql(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, settled_at, body, last_error, sends)
     SELECT $1::bigint, $2::bigint * 100 + n, 'chat', $1::bigint || ':' || $2::bigint, state, now(), body, 'x', sends
     FROM (VALUES
       (1, 'parked', json_build_object('message', json_build_object('text', 'what failed of ' || $2::bigint))::text, NULL),
       (2, 'done', '', $3::json)
     ) AS kept (n, state, body, sends)`,
    [
      botId,
      user,
      JSON.stringify([
        { method: 'sendMessage', state: 'ok', result: { text: `what was quoted of ${user}\u0000` } },
        { method: 'sendMessage', state: 'unknown', tries: 2, reason: 'no answer', at: '2026-01-01T00:00:00.000Z' },
      ]),
    ],
  );
  await withTx(shop.pool, (tx) =>
    say(tx, {
      cause: `unsaid:${user}`,
      class: 'notice',
      chat: user,
      method: 'sendMessage',
      payload: { text: `what could not be said to ${user}`, parse_mode: 'nonsense' as 'HTML' },
    }),
  );
  const movement = { botId, userId: user, cause: `work:${user}` };
  await withTx(shop.pool, (tx) => reserve(tx, movement, { amount: 7n, ttl: 3_600_000 }));
  await database.sql(
    `INSERT INTO evenkeel.subscription (bot_id, purchase, user_id, plan, state, first_charge, paid_until)
     VALUES ($1, $3, $2, 'monthly', 'ended', 'c', now())`,
    [botId, user, `s${user}`],
  );
  await database.sql(
    `INSERT INTO evenkeel.access (bot_id, user_id, state, plan, credits, period, until)
     VALUES ($1, $2, 'active', 'month', 500, 1000, now())`,
    [botId, user],
  );
  await database.sql(
    `INSERT INTO evenkeel.render (bot_id, user_id, kind, makes, prompt, price, state, deadline_at)
     VALUES ($1, $2, 'image', 'image', $3, 10, 'wanted', now() + interval '1 h')`,
    [botId, user, `a picture wanted by ${user}`],
  );
  await database.sql(
    `INSERT INTO evenkeel.answer (bot_id, update_id, user_id, free, held, price) VALUES ($1, $2::bigint * 100, $2, false, 5, 3)`,
    [botId, user],
  );
  await database.sql(
    `INSERT INTO evenkeel.download (bot_id, user_id, link, quality, deadline_at)
     VALUES ($1, $2, $3, 'best', now() + interval '1 h')`,
    [botId, user, `https://example.com/wanted-by-${user}`],
  );
  await database.sql(
    `INSERT INTO evenkeel.file_link (bot_id, user_id, download_id, token_hash, name, size, expires_at)
     VALUES ($1, $2, $2, sha256($3::text::bytea), $3, 1, now() + interval '1 h')`,
    [botId, user, `a-file-for-${user}.mp4`],
  );
  await database.sql(
    `INSERT INTO evenkeel.broadcast_recipient (broadcast_id, bot_id, user_id, state) VALUES (1, $1, $2, 'sent')`,
    [botId, user],
  );
  await waitFor(async () => Object.values(await mine(user)).every((count) => count > 0), {
    what: 'something in every table',
  });
}

/** Every row of their money. */
const booksOf = (user: number) =>
  Promise.all(
    ['account', 'ledger_tx', 'ledger_entry', 'payment', 'purchase', 'reserve'].map((name) =>
      database.sql(`SELECT * FROM evenkeel.${name} WHERE user_id = $1 ORDER BY 1, 2, 3`, [user]),
    ),
  );

/** Tables, pg-boss's too, in which these words stand anywhere. */
async function where(words: string): Promise<string[]> {
  const tables = await database.sql<{ name: string }>(
    `SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
     WHERE table_schema IN ('evenkeel', 'pgboss') AND table_type = 'BASE TABLE'`,
  );
  const found = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await database.sql(`SELECT FROM ${name} AS t WHERE t::text LIKE '%' || $1 || '%' LIMIT 1`, [words]);
      return rows.length > 0 ? name : undefined;
    }),
  );
  return found.filter((name) => name !== undefined).sort();
}

test('23. /mydata shows it, /forget deletes what may go, says what stays, and touches nobody else', async () => {
  await somebody(31);
  await somebody(32);
  const others = await mine(32);
  await shop.ask(31, '/mydata', /\/forget deletes our conversation/);
  const all = said(31)
    .map(({ text }) => text)
    .join('\n');
  for (const what of [
    /^I have known you since .* Your app speaks: en\. You have chosen: nothing\./m,
    /^Our conversation, 2 messages:/m,
    /^Of one answer it is noted whether it was free, and else what it cost\.$/m,
    /· you: a secret of 31$/m,
    /· I: I keep it$/m,
    /^I have asked you something last \(remind\)/m,
    /^A question with buttons \(remind\): .*the tea/m,
    /^You have 93 credits\.$/m,
    /R-\d+ · 50 Stars · \+100 credits/,
    /^7 credits are reserved until/m,
    /^One order of yours is kept\.$/m,
    /^It is noted that one broadcast went to you, or will\.$/m,
    /^Subscription monthly: ended/m,
    /^Plan month: active, until/m,
    /^You want it later \(remind, .*\): .*a later wish of 31/m,
    /^You have asked for a file .*: https:\/\/example\.com\/wanted-by-31$/m,
    /^You have ordered a picture or video .*: a picture wanted by 31$/m,
    /· you, and I could not handle it: what failed of 31$/m,
    /· I, and it could not be said: what could not be said to 31$/m,
  ])
    assert.match(all, what);
  assert.doesNotMatch(all, /secret of 32/);
  const before = await mine(31);
  const books = await booksOf(31);
  assert.ok(books.every(({ length }) => length > 0));
  await shop.ask(
    31,
    '/forget',
    /called off one thing that you wanted later. What you paid, your credits and your language stay/,
  );
  const left = await mine(31);
  for (const [name, { forgotten }] of SHOWN) assert.equal(left[name], forgotten === true ? 0 : before[name], name);
  assert.deepEqual(await booksOf(31), books);
  for (const what of [
    'a secret of',
    'a later wish of',
    'a picture wanted by',
    'wanted-by-',
    'what failed of',
    'what was quoted of',
    'what could not be said to',
  ])
    assert.deepEqual(await where(`${what} 31`), [], what);
  // What a person has to know of the send is still there.
  assert.deepEqual(
    await database.sql(`SELECT method, tries, reason FROM evenkeel.unknown_send WHERE lane = $1`, [`${botId}:31`]),
    [{ method: 'sendMessage', tries: 2, reason: 'no answer' }],
  );
  assert.deepEqual(await mine(32), others);
  await database.sql(`UPDATE pgboss.job SET start_after = now() WHERE name = 'remind' AND state < 'active'`);
  await shop.next(32, /a later wish of 32$/);
  await shop.settled();
  await waitFor(async () => (await where('a later wish of 32')).every((name) => name === 'evenkeel.outbox'), {
    what: 'a reminder that was said to be nowhere else',
  });
  await shop.ask(31, '/forget', /^Done. I have forgotten our conversation and what I asked you. What you paid/);
  await shop.sound();
});

test('a long conversation is several messages, in order, the latest of it; what does not fit is counted', async () => {
  const user = 33;
  telegram.open(user);
  await database.sql(
    `INSERT INTO evenkeel.message (bot_id, update_id, role, chat_id, text, created_at)
     SELECT $1, 900000 + n, 'user', $2, n || ' ' || repeat('word ', 190), now() - (1000 - n) * interval '1 s'
     FROM generate_series(1, 150) AS n`,
    [botId, user],
  );
  await shop.ask(user, '/mydata', /\/forget deletes our conversation/);
  const parts = said(user).map(({ text }) => text);
  assert.ok(parts.length > 10 && parts.every((text) => text.length <= 4096));
  const numbers = [...parts.join('\n\n').matchAll(/you: (\d+) word/g)].map(([, n]) => Number(n));
  assert.equal(numbers.at(-1), 150);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => 150 - numbers.length + 1 + index),
  );
  assert.ok(parts.join('\n').includes(`${150 - numbers.length} older messages do not fit here.`));
});
