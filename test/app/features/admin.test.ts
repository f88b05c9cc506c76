/** /stats, /user and /flags: of those whom the posture names, and there for nobody else. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { auditLook } from '../../../app/features/admin/store.ts';
import { adjust } from '../../../app/ledger/index.ts';
import { off } from '../../harness/feature.ts';
import { workerPool } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const [OWNER, SUPPORT, NOBODY] = [100, 101, 102];
const posture = { features: off('chat'), people: { owners: [OWNER], support: [SUPPORT] } };
const world = await startWorld({ after }, { posture });
const { telegram, database, botId } = world;
const pool = workerPool({ after }, database, world.posture);
const [web, worker] = await Promise.all([world.startTask({ after }, 'web'), world.startTask({ after }, 'worker')]);
await Promise.all([web.ready(), worker.ready()]);
await world.setWebhook(web);
for (const id of [OWNER, SUPPORT, NOBODY]) telegram.open(id, 'Ada', 'en');

const bot = (chat: number) => telegram.messages(chat).filter(({ from }) => from === 'bot');
async function ask(chat: number, text: string) {
  const before = bot(chat).length;
  telegram.say(chat, text);
  return waitFor(() => bot(chat)[before], { what: `an answer to ${text}` });
}
const audited = () =>
  database.sql<{ who: string; verb: string; target: string; reason: string | null }>(
    'SELECT who, verb, target, reason FROM evenkeel.audit ORDER BY id',
  );
const unknown = /^I do not know that command/;

test('/help shows to each what they may do; for others there are no such commands', async () => {
  assert.match((await ask(OWNER, '/help')).text, /\/stats – .*\n\/user – .*\n\/flags – /);
  assert.match((await ask(SUPPORT, '/help')).text, /\/refund – /);
  assert.doesNotMatch((await ask(NOBODY, '/help')).text, /stats|\/user|flags|refund/);
  const [stranger] = await Promise.all([ask(NOBODY, '/nothing')]);
  for (const command of ['/stats', '/user 100', '/flags', '/flags off chat why'])
    assert.equal((await ask(NOBODY, command)).text, stranger.text, command);
});

test('in a group who may is told where, and nobody else anything', async () => {
  // Whoever writes in the group -n of the simulated Telegram is person n.
  for (const id of [OWNER, NOBODY]) telegram.open(-id, 'A group');
  telegram.say(-NOBODY, '/stats');
  assert.equal((await ask(-OWNER, '/stats')).text, 'I answer this in our private chat alone.');
  assert.doesNotMatch((await ask(-OWNER, '/help')).text, /stats/);
  await waitFor(() => telegram.stats().pending === 0, { what: 'the other command to be taken' });
  await waitFor(async () => (await database.sql(`SELECT FROM evenkeel.inbox WHERE state = 'pending'`)).length === 0, {
    what: 'it to be handled',
  });
  assert.deepEqual(bot(-NOBODY), []);
});

test('/stats says in one message how the bot stands', async () => {
  await withTx(pool, (tx) =>
    adjust(tx, { botId, userId: NOBODY, cause: 'a', by: 'owner:1', reason: 'x' }, { amount: 1_250n }),
  );
  await waitFor(
    async () => (await database.sql('SELECT FROM evenkeel.person WHERE seen_on IS NOT NULL')).length === 3,
    {
      what: 'the three to be noted',
    },
  );
  await database.sql('UPDATE evenkeel.person SET blocked_at = now() WHERE user_id = $1', [SUPPORT]);
  await database.sql(
    `INSERT INTO evenkeel.person (bot_id, user_id, seen_on) VALUES ($1, 900, current_date - 10), ($1, 901, NULL)`,
    [botId],
  );
  const { text } = await ask(OWNER, '/stats');
  assert.match(text, /^People: 5, of whom one has blocked the bot\nActive: 3 today, 3 in 7 days, 4 in 30 days\n/);
  assert.match(text, /Have paid: 0\nCredits: 1,250 with people, 0 reserved, 0 owed/);
  assert.match(text, /Updates: \d wait, \d chats in hand, 0 parked\nGiven up: 0 jobs, 0 messages; 0 sends/);
  assert.match(text, /Health: everything is well\.$/);
});

test('/user shows what support needs, by id and by name, and is written down', async () => {
  telegram.say(NOBODY, 'my secret words');
  const { text } = await ask(SUPPORT, `/user ${NOBODY}`);
  assert.match(text, /^User 102 \(@person102\)\nKnown since .*, last here today, speaks English\./);
  assert.match(text, /Credits: 1,250 to spend, 0 reserved, 0 owed\nNo payments\./);
  assert.doesNotMatch(text, /secret/);
  const [{ name }] = (await database.sql<{ name: string }>(
    'SELECT username AS name FROM evenkeel.person WHERE user_id = $1',
    [NOBODY],
  )) as [{ name: string }];
  assert.equal((await ask(SUPPORT, `/user @${name.toUpperCase()}`)).text, text);
  await database.sql('UPDATE evenkeel.person SET username = $1 WHERE user_id = 900', [name]);
  assert.match(
    (await ask(OWNER, `/user @${name}`)).text,
    /^Several have been called @.*: ask for one by its id, 102, 900\.$/,
  );
  assert.match((await ask(OWNER, '/user 4711')).text, /^Nobody called 4711 has written/);
  assert.match((await ask(OWNER, '/user')).text, /^Write: \/user and a Telegram id/);
  assert.match((await ask(OWNER, "/user ' OR 1=1")).text, /^Write: \/user and a Telegram id/);
  assert.deepEqual(
    (await audited()).map(({ who, verb, target }) => [who, verb, target]),
    [
      [`support:${SUPPORT}`, 'look', `user:${NOBODY}`],
      [`support:${SUPPORT}`, 'look', `user:${NOBODY}`],
    ],
  );
  await withTx(pool, (tx) => auditLook(tx, { by: 'owner:1', botId, userId: 1 }));
});

test('/user shows what somebody may use at the access provider, and whether that is confirmed', async () => {
  await database.sql(
    `INSERT INTO evenkeel.access (bot_id, user_id, state, plan, credits, period, until, grace_until, version, synced)
     VALUES ($1, 950, 'trial', 'month', 5, 1, now() + interval '1 day', NULL, 1, 0),
            ($1, 951, 'grace', 'month', 5, 1, now(), now() + interval '1 day', 2, 2)`,
    [botId],
  );
  assert.match(
    (await ask(SUPPORT, '/user 950')).text,
    /\nPlan month: tried until .*\d\. Its provider has not confirmed that yet\.$/,
  );
  assert.match((await ask(SUPPORT, '/user 951')).text, /\nPlan month: not paid again, kept until .*\d$/);
});

test('/flags switches by a button that is used once; support only looks', async () => {
  const shown = await ask(OWNER, '/flags');
  assert.match(shown.text, /● remind\n/);
  assert.match(shown.text, /– chat, off by the posture/);
  const button = (text: string, message = shown) =>
    message.buttons.flat().find((each) => each.text === text)!.callback_data!;
  assert.ok(shown.buttons.flat().every(({ callback_data: data }) => Buffer.byteLength(data!) <= 64));
  telegram.tap(OWNER, shown.messageId, button('Switch remind off'));
  const done = await waitFor(
    () =>
      telegram.messages(OWNER).find(({ messageId, text }) => messageId === shown.messageId && /○ remind/.test(text)),
    { what: 'the message to say so' },
  );
  assert.match(done.text, /^remind is switched off: everywhere within 5 seconds/);
  await waitFor(async () => (await worker.health()).flags?.['remind']?.flag === false, { what: 'the worker to know' });
  assert.match((await ask(NOBODY, '/remind 1m tea')).text, /^This is switched off just now/);
  // Only the feature's own: what people write in their own words is not its.
  assert.doesNotMatch((await ask(NOBODY, 'good morning')).text, /switched off/);
  assert.match((await ask(OWNER, '/stats')).text, /Switched off: remind/);
  // The button of before says nothing new, and those of others are not theirs.
  const toasts: (string | undefined)[] = [];
  const end = telegram.subscribe((event) => void (event.kind === 'callback-answer' && toasts.push(event.text)));
  telegram.tap(OWNER, shown.messageId, button('Switch remind off'));
  await waitFor(() => toasts.includes('You have answered this already.'), { what: 'to be told so' });
  telegram.tap(SUPPORT, shown.messageId, button('Switch remind on', done));
  await waitFor(() => toasts.length === 2, { what: 'an answer to a tap that is not theirs' });
  end();
  telegram.tap(OWNER, done.messageId, button('Switch remind on', done));
  await waitFor(async () => (await worker.health()).flags?.['remind']?.flag === true, { what: 'it to be on again' });
  const seen = await ask(SUPPORT, '/flags off remind because I can');
  assert.match(seen.text, /An owner switches them\.$/);
  assert.equal(seen.buttons.length, 0);
  const deeds = (await audited()).filter(({ verb }) => verb.startsWith('flag'));
  assert.deepEqual(
    deeds.map(({ who, verb, target, reason }) => [who, verb, target, reason]),
    [
      [`owner:${OWNER}`, 'flag off', 'flag remind', 'by a button'],
      [`owner:${OWNER}`, 'flag on', 'flag remind', 'by a button'],
    ],
  );
});

test('/flags by words switches jobs and schedules too, and refuses what it cannot do', async () => {
  assert.match((await ask(OWNER, '/flags off work.remind too many of them')).text, /^work\.remind is switched off/);
  assert.match((await ask(OWNER, '/flags')).text, /Jobs and schedules that are off: work\.remind/);
  assert.match((await ask(OWNER, '/flags on work.remind few again')).text, /^work\.remind is switched on/);
  assert.match(
    (await ask(OWNER, '/flags off work.remnd why not')).text,
    /^There is no flag work\.remnd\. Did you mean work\.remind\?/,
  );
  assert.match((await ask(OWNER, '/flags on chat because')).text, /^The posture has chat off/);
  assert.match((await ask(OWNER, '/flags off admin because')).text, /^These commands would be gone with it/);
  assert.match((await ask(OWNER, '/flags off work.remind')).text, /^Write: \/flags off NAME why/);
});

test('who reads German is answered in German', async () => {
  telegram.open(OWNER, 'Ada', 'de');
  assert.match((await ask(OWNER, '/stats')).text, /^Menschen: 5/);
  assert.match((await ask(OWNER, `/user ${NOBODY}`)).text, /^Person 102/);
  assert.match((await ask(OWNER, '/flags')).text, /^Was angeschaltet ist:/);
  telegram.open(OWNER, 'Ada', 'en');
});

test('switched off, its commands say so to those who have a role, and stay unknown to others', async () => {
  await database.sql(
    `INSERT INTO evenkeel.flag (name, is_on, changed_by, reason) VALUES ('admin', false, 'a test', 'a test')`,
  );
  await waitFor(async () => (await worker.health()).flags?.['admin']?.flag === false, { what: 'the worker to know' });
  assert.match((await ask(OWNER, '/stats')).text, /^This is switched off just now/);
  assert.match((await ask(NOBODY, '/stats')).text, unknown);
  assert.doesNotMatch((await ask(OWNER, '/help')).text, /stats/);
});
