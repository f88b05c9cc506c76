/** /broadcast on a real database and the simulated world: written, seen, sent, steered, corrected; and who wants none of it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ChatMessage } from '../../../local/contract/index.ts';
import { startFeature } from '../../harness/feature.ts';
import { waitFor } from '../../harness/wait.ts';

const [OWNER, SUPPORT, NOBODY] = [100, 101, 102];
const feature = await startFeature({ after }, 'broadcast', {
  posture: {
    people: { owners: [OWNER], support: [SUPPORT] },
    providers: { telegram: { rate: { broadcast: 60 } } },
    // So many messages a second have to be kept somewhere.
    database: { storage: { size: '200GiB', max: '600GiB' } },
  },
});
const { world, database, worker } = feature;
const { telegram, botId } = world;
const bot = (chat: number) => telegram.messages(chat).filter(({ from }) => from === 'bot');
/** Says something; resolves to the first answer that is of this kind: progress may be told in between. */
async function ask(chat: number, text: string, answer = /./): Promise<ChatMessage> {
  const before = bot(chat).length;
  telegram.say(chat, text);
  return waitFor(
    () =>
      bot(chat)
        .slice(before)
        .find((each) => answer.test(each.text)),
    { what: `${answer} to ${text}` },
  );
}
const shows = (chat: number, messageId: number, what: RegExp) =>
  waitFor(() => telegram.messages(chat).find((each) => each.messageId === messageId && what.test(each.text)), {
    what: `${what} in the place of ${messageId}`,
  });
const button = (message: ChatMessage, text: RegExp): string =>
  message.buttons.flat().find((each) => text.test(each.text))!.callback_data!;
const tap = (message: ChatMessage, text: RegExp, who = OWNER) =>
  telegram.tap(who, message.messageId, button(message, text));
const sql = <Row extends Record<string, unknown>>(text: string, values: unknown[] = []) =>
  database.sql<Row>(text, values);
const last = async () =>
  (
    await sql<{
      id: number;
      state: string;
      why: string | null;
      sent: number;
      recipients: number;
      unknown: number;
      blocked: number;
      gone: number;
      failed: number;
      left: number;
    }>(
      `SELECT id::int, state, why, sent, recipients, unknown, blocked, gone, failed, left_out AS left
       FROM evenkeel.broadcast WHERE started_at IS NOT NULL ORDER BY started_at DESC LIMIT 1`,
    )
  )[0];
const becomes = (state: string) =>
  waitFor(async () => ((await last())?.state === state ? last() : undefined), {
    what: `it to be ${state}`,
    within: 60_000,
  });

for (const id of [OWNER, SUPPORT, NOBODY]) telegram.open(id, 'Ada', 'en');
telegram.open(103, 'Grete', 'de');
await ask(OWNER, '/help');

/** People who have opened the bot; by now they are written down. */
async function people(from: number, count: number): Promise<void> {
  for (let id = from; id < from + count; id += 1) telegram.open(id);
  await sql(
    `INSERT INTO evenkeel.person (bot_id, user_id, app_language, seen_on)
     SELECT $1, n, 'en', current_date FROM generate_series($2::bigint, $3::bigint) AS n ON CONFLICT DO NOTHING`,
    [botId, from, from + count - 1],
  );
}

/** The owner writes it; resolves to its card. */
async function written(text: string): Promise<ChatMessage> {
  await ask(OWNER, '/broadcast new', /^What shall I tell people\?/);
  return ask(OWNER, text, /^Above is what people will see/);
}

async function sendTo(card: ChatMessage): Promise<void> {
  tap(card, /^Send to/);
  const sure = await shows(OWNER, card.messageId, /^Send it to .* now\?/);
  tap(sure, /^Yes/);
  await shows(OWNER, card.messageId, /^It goes out/);
}

test('it is written, seen as people will see it, and goes to those it is for; its maker is told', async () => {
  for (const id of [SUPPORT, NOBODY, 103]) await ask(id, '/help');
  await waitFor(async () => (await sql('SELECT FROM evenkeel.person')).length === 4, { what: 'them to be noted' });
  const card = await written('<b>Hello</b> &amp; welcome');
  const seen = bot(OWNER).at(-2)!;
  assert.equal(seen.text, 'Hello & welcome');
  assert.equal(seen.entities[0]!.type, 'bold');
  assert.equal(seen.buttons[0]![0]!.text, 'No more of these');
  assert.match(
    card.text,
    /It goes to: Everyone · Any language\.\nAbout: News\..*\nThat is 4 people, in about a minute\./s,
  );
  assert.ok(card.buttons.flat().every(({ callback_data: data }) => Buffer.byteLength(data!) <= 64));
  tap(card, /^Deutsch$/);
  const german = await shows(OWNER, card.messageId, /Everyone · Deutsch.*That is one person\./s);
  // A button of before says nothing about what is chosen by now.
  telegram.tap(OWNER, card.messageId, button(card, /^Send to/));
  tap(german, /^Any language$/);
  const all = await shows(OWNER, card.messageId, /Any language/);
  assert.deepEqual(
    bot(NOBODY)
      .map(({ text }) => text)
      .filter((text) => /Hello/.test(text)),
    [],
    'nothing went out',
  );
  await sendTo(all);
  const { id, sent, recipients } = await becomes('done');
  assert.deepEqual([sent, recipients], [4, 4]);
  for (const user of [OWNER, SUPPORT, NOBODY]) assert.ok(feature.said(user).includes('Hello & welcome'));
  assert.equal(bot(103).at(-1)!.buttons[0]![0]!.text, 'Nicht mehr davon');
  await feature.next(OWNER, /^Broadcast: done\. 4 of 4 have it, 0 wait\.$/);
  const deeds = await sql<{ who: string; verb: string }>(`SELECT who, verb FROM evenkeel.audit WHERE target = $1`, [
    `broadcast:${id}`,
  ]);
  assert.deepEqual(deeds, [{ who: `owner:${OWNER}`, verb: 'broadcast start' }]);
});

test('HTML that Telegram cannot read is refused in one line, and may be written again', async () => {
  await ask(OWNER, '/broadcast', /^What shall/);
  const refused = await ask(OWNER, '<b>Hello</i>', /HTML/);
  assert.match(refused.text, /^Telegram cannot read the HTML near “<\/i>”: .*\.$/);
  assert.doesNotMatch(refused.text, /\n|400|Bad Request|byte/);
  const card = await ask(OWNER, '<b>Hello</b>', /^Above/);
  tap(card, /^Discard$/);
  await shows(OWNER, card.messageId, /^Discarded\. Nothing was sent\.$/);
});

test('it is for owners alone', async () => {
  for (const who of [SUPPORT, NOBODY]) {
    await ask(who, '/broadcast', /^I do not know that command/);
    assert.doesNotMatch((await ask(who, '/help')).text, /broadcast/);
  }
  await ask(OWNER, '/help', /\/notify – .*\n\/broadcast – /);
  telegram.open(-OWNER, 'A group');
  assert.equal((await ask(-OWNER, '/broadcast')).text, 'I answer this in our private chat alone.');
  assert.equal((await ask(-OWNER, '/notify')).text, 'I answer this in our private chat alone.');
});

test('who does not want a category gets none of it; what all must know reaches them', async () => {
  telegram.tap(NOBODY, bot(NOBODY).find(({ text }) => /^Hello/.test(text))!.messageId, 'notify:off:news');
  await waitFor(async () => (await sql(`SELECT FROM evenkeel.person WHERE 'news' = ANY (muted)`)).length === 1, {
    what: 'it to be noted',
  });
  const settings = await ask(NOBODY, '/notify');
  assert.deepEqual(
    settings.buttons.flat().map(({ text }) => text),
    ['○ News', '● Offers'],
  );
  await sendTo(await written('No news for some'));
  assert.equal((await becomes('done')).sent, 3);
  assert.ok(!feature.said(NOBODY).includes('No news for some'));
  const card = await written('The terms have changed');
  tap(card, /^Service$/);
  const service = await shows(OWNER, card.messageId, /About: Service/);
  await sendTo(service);
  await feature.next(NOBODY, /^The terms have changed$/);
  assert.deepEqual(bot(NOBODY).at(-1)!.buttons, [], 'there is nothing to end');
  tap(settings, /News/, NOBODY);
  await shows(NOBODY, settings.messageId, /./);
  await waitFor(async () => (await sql(`SELECT FROM evenkeel.person WHERE 'news' = ANY (muted)`)).length === 0, {
    what: 'them to want it again',
  });
  await becomes('done');
});

test('segments: here of late, have paid, have credits', async () => {
  await people(3000, 4);
  await sql(`UPDATE evenkeel.person SET seen_on = current_date - 20 WHERE user_id = 3000`);
  await sql(`UPDATE evenkeel.person SET seen_on = current_date - 40 WHERE user_id = 3001`);
  await sql(`INSERT INTO evenkeel.account (bot_id, user_id, available) VALUES ($1, 3001, 5), ($1, 3002, 0)`, [botId]);
  await sql(
    `INSERT INTO evenkeel.payment (bot_id, provider, charge, user_id, payload, currency, amount, state, found_by, paid_at)
     VALUES ($1, 'stars', 'C', 3002, '', 'XTR', 1, 'credited', 'update', now()), ($1, 'stars', 'D', 3003, '', 'XTR', 1, 'refunded', 'update', now())`,
    [botId],
  );
  let card = await written('To some');
  for (const [name, count] of [
    ['Here in 7 days', /That is 6 people/],
    ['Here in 30 days', /That is 7 people/],
    ['Have paid', /That is one person/],
    ['Have credits', /That is one person/],
    ['Everyone', /That is 8 people/],
  ] as const) {
    tap(card, new RegExp(`^${name}$`));
    card = await shows(OWNER, card.messageId, new RegExp(`${name}.*${count.source}`, 's'));
  }
  tap(card, /^Have credits$/);
  await sendTo(await shows(OWNER, card.messageId, /Have credits/));
  await feature.next(3001, /^To some$/);
  assert.equal((await becomes('done')).recipients, 1);
});

test('paused, gone on with, cancelled: by buttons that are used once, and by words; a flag stops none of it', async () => {
  await people(5000, 400);
  telegram.faults = { latency: 500 };
  await sendTo(await written('Many of you'));
  const progress = await waitFor(
    () => bot(OWNER).findLast(({ text, buttons }) => /^Broadcast: /.test(text) && buttons.length > 0),
    {
      what: 'its progress',
    },
  );
  await waitFor(async () => ((await last())?.sent ?? 0) > 0, { what: 'some to have it' });
  tap(progress, /^Pause$/);
  await becomes('paused');
  const paused = await shows(OWNER, progress.messageId, /^Broadcast: paused/);
  await feature.jobs('broadcast');
  const { sent } = (await last())!;
  assert.ok(sent < 408, `${sent} have it`);
  assert.equal((await last())!.sent, sent, 'nobody else gets it');
  tap(progress, /^Pause$/);
  await ask(OWNER, '/broadcast', /^Broadcast: paused\. \d+ of 408 have it, \d+ wait\./);
  await sql(
    `INSERT INTO evenkeel.flag (name, is_on, changed_by, reason) VALUES ('broadcast', false, 'a test', 'a test')`,
  );
  await waitFor(async () => (await worker.health()).flags?.['broadcast']?.flag === false, { what: 'the flag to hold' });
  await ask(OWNER, '/broadcast new', /^This is switched off just now/);
  await ask(NOBODY, '/broadcast new', /^I do not know that command/);
  tap(paused, /^Go on$/);
  await waitFor(async () => ((await last())?.sent ?? 0) > sent, { what: 'it to go on' });
  await ask(OWNER, '/broadcast cancel', /^Done\./);
  await becomes('cancelled');
  telegram.faults = {};
  await feature.jobs('broadcast');
  const end = (await last())!;
  assert.ok(end.sent < 408);
  await shows(OWNER, progress.messageId, /^Broadcast: cancelled/);
  const got = Array.from(
    { length: 400 },
    (_, n) => feature.said(5000 + n).filter((text) => text === 'Many of you').length,
  );
  assert.ok(got.every((copies) => copies <= 1));
  assert.equal(
    got.reduce((sum, copies) => sum + copies, 0) +
      [OWNER, SUPPORT, NOBODY, 103, 3000, 3001, 3002, 3003].filter(
        (user) => user !== OWNER && feature.said(user).includes('Many of you'),
      ).length +
      (feature.said(OWNER).filter((text) => text === 'Many of you').length - 1),
    end.sent,
  );
  await sql(`UPDATE evenkeel.flag SET is_on = true WHERE name = 'broadcast'`);
  await waitFor(async () => (await worker.health()).flags?.['broadcast']?.flag === true, { what: 'the flag to hold' });
});

test('what Telegram refuses because of what it says stops at the first; who is not there does not stop it', async () => {
  const [first, second, third] = [5000, 5001, 5002];
  await sql(
    'UPDATE evenkeel.person SET blocked_at = now() WHERE user_id <> $1 AND (user_id < 5000 OR user_id >= 5010)',
    [OWNER],
  );
  // Who writes it wants none of it: else it would come to them first.
  await sql(`UPDATE evenkeel.person SET muted = '{news}' WHERE user_id = $1`, [OWNER]);
  telegram.faults = { forbidden: { [first]: 'Bad Request: chat not found' }, deleted: [second], blocked: [third] };
  await sendTo(await written('Some are not there'));
  const { sent, gone, blocked, failed } = await becomes('done');
  assert.deepEqual({ sent, gone, blocked, failed }, { sent: 7, gone: 2, blocked: 1, failed: 0 });
  const marked = await sql('SELECT FROM evenkeel.person WHERE user_id = ANY ($1) AND blocked_at IS NOT NULL', [
    [first, second, third],
  ]);
  assert.equal(marked.length, 3);
  telegram.faults = { forbidden: { 5003: "Bad Request: can't parse entities: Unsupported start tag" } };
  await sendTo(await written('Telegram does not like this'));
  const stopped = await becomes('stopped');
  assert.deepEqual([stopped.sent, stopped.failed, stopped.why], [0, 1, 'content']);
  await feature.jobs('broadcast');
  assert.ok(!feature.said(5004).includes('Telegram does not like this'));
  const told = await feature.next(OWNER, /^Broadcast: stopped\./);
  assert.match(told, /Telegram refuses what it says, so nobody else is written to/);
  assert.doesNotMatch(told, /parse|400|Bad Request/);
  telegram.faults = {};
  await ask(OWNER, '/broadcast cancel', /^Done\./);
});

test('the last one is corrected where it arrived', async () => {
  await sendTo(await written('The shop opens at nine'));
  assert.equal((await becomes('done')).sent, 7);
  await ask(OWNER, '/broadcast edit', /^What shall stand there instead\?/);
  const sure = await ask(OWNER, 'The shop opens at <b>ten</b>', /^Put this in the place/);
  assert.match(sure.text, /where 7 people have it\?/);
  // One of them deletes the chat meanwhile.
  await world.callTelegram('deleteMessage', { chat_id: 5003, message_id: bot(5003).at(-1)!.messageId });
  tap(sure, /^Change it$/);
  for (const user of [5004, 5005, 5006, 5007, 5008, 5009]) {
    const message = await waitFor(() => bot(user).find(({ text }) => text === 'The shop opens at ten'), {
      what: `the new words to ${user}`,
    });
    assert.ok(message.edited);
    assert.equal(message.buttons[0]![0]!.text, 'No more of these');
  }
  await feature.next(OWNER, /^Changing the last broadcast: done\. 6 of 7 changed, 1 could not be\.$/);
});

test('begun before the database was put back, it waits for a person, who may let it go on', async () => {
  const flag = (isOn: boolean) =>
    sql(
      `INSERT INTO evenkeel.flag (name, is_on, changed_by, reason) VALUES ('work.broadcast', $1, 'a test', 'a test')
       ON CONFLICT (name) DO UPDATE SET is_on = excluded.is_on`,
      [isOn],
    );
  await flag(false);
  await waitFor(async () => (await worker.health()).flags?.['work.broadcast']?.flag === false, {
    what: 'its jobs to wait',
  });
  await sendTo(await written('Before the restore'));
  await sql('UPDATE evenkeel.lineage SET accepted_at = clock_timestamp()');
  await flag(true);
  assert.equal((await becomes('paused')).why, 'restored');
  await feature.next(OWNER, /^Broadcast: paused.*\nThe database was put back/s);
  assert.ok(!feature.said(5004).includes('Before the restore'));
  await ask(OWNER, '/broadcast resume', /^Done\./);
  await becomes('done');
  assert.ok(feature.said(5004).includes('Before the restore'));
});

test('/mydata says that broadcasts went to somebody, and /forget leaves no trace of those that are over', async () => {
  assert.match(await feature.ask(5004, '/mydata'), /I have known you since/);
  await feature.next(5004, /\d+ broadcasts went to you, or will/);
  await feature.ask(5004, '/forget');
  await waitFor(async () => (await sql('SELECT FROM evenkeel.broadcast_recipient WHERE user_id = 5004')).length === 0, {
    what: 'them to be forgotten',
  });
});
