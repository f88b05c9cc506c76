/**
 * The desk beside the control room: what real faults leave lying is seen there as it comes, acted upon by a person, and
 * seen again in the database and in the chat. And the switches: off on the page is off in every process, and at the bot.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { freePort } from '../../local/platform/ports.ts';
import { findRunning } from '../../local/platform/whereabouts.ts';
import { remoteTelegram } from '../../local/world/remote.ts';
import { waitFor } from '../harness/wait.ts';
import { axeFindings } from '../local/control-room/axe.ts';
import { launchChromium, skipWithoutChromium } from '../local/control-room/chromium.ts';
import { LOW_CONTRAST } from '../local/control-room/contrast.ts';
import { checkout, start } from './starting.ts';

/** What nobody at the desk may read. */
const SECRET = 'my very own words';
const OVERFLOW = `Math.max(
  document.documentElement.scrollWidth - innerWidth,
  document.scrollingElement.scrollHeight - innerHeight,
  ...[...document.querySelectorAll('.desk, .card, .confirm, .pane')].map((node) => node.scrollWidth - node.clientWidth),
)`;
const WIDE = { width: 1440, height: 900 };

async function begin(t: TestContext, ...args: string[]) {
  const cwd = await checkout(t);
  const started = start(t, cwd, ['--json', '--no-browser', '--port', String(await freePort()), ...args]);
  const { url, telegramApiRoot, pid } = await started.ready();
  const running = (await findRunning(cwd)).find((one) => one.pid === pid)!;
  const pool = new pg.Pool({ connectionString: running.databaseUrl, max: 1 });
  t.after(() => pool.end());
  const browser = await launchChromium();
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: WIDE, reducedMotion: 'reduce' });
  page.setDefaultTimeout(120_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  /** What the desk was told. */
  const seen: string[] = [];
  page.on('response', (response) => {
    if (response.url().includes('/api/desk'))
      void response.text().then(
        (text) => seen.push(text),
        () => undefined,
      );
  });
  const telegram = remoteTelegram(telegramApiRoot);
  return {
    url,
    page,
    telegram,
    telegramApiRoot,
    complaints,
    seen,
    sql: async (text: string, ...values: unknown[]) => (await pool.query<Record<string, unknown>>(text, values)).rows,
    post: async (path: string, body: object) => {
      const response = await fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    said: async (chat: number) =>
      (await telegram.messages(chat)).flatMap(({ from, text }) => (from === 'bot' ? [text] : [])),
  };
}

const shoot = async (page: Page, name: string) => {
  if (process.env['SCREENSHOT']) await page.screenshot({ path: `${process.env['SCREENSHOT']}.${name}.png` });
};

async function isFit(page: Page, what: string): Promise<void> {
  for (const [scheme, width] of [
    ['light', 1440],
    ['dark', 1440],
    ['dark', 390],
    ['light', 390],
  ] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 900 });
    assert.deepEqual(await page.evaluate(LOW_CONTRAST), [], `${what} ${scheme} ${width}`);
    // In both themes and at both widths; what one of them says of a page, the others say as well.
    if ((scheme === 'light') === (width === 1440))
      assert.deepEqual(await axeFindings(page), [], `${what} ${scheme} ${width}`);
    assert.equal(await page.evaluate(OVERFLOW), 0, `${what} ${scheme} ${width}`);
    await shoot(page, `${what}-${scheme}-${width}`);
  }
  await page.setViewportSize(WIDE);
}

test('what a person decides by the page', { skip: skipWithoutChromium() }, async (t) => {
  const room = await begin(t, '--set', 'providers.telegram.timeout=2s', '--set', 'features.nowPayments=false');
  await t.test('what a killed worker did to a message is found from its bubble', () => theStory(room));
  await t.test('what real faults have left is decided about at the desk, and whom it concerns sees it', () =>
    atTheDesk(room),
  );
  await t.test('a switch is obeyed in every process and by the bot, and none turns on what the posture has off', () =>
    atTheSwitches(room),
  );
});

type Room = Awaited<ReturnType<typeof begin>>;

async function theStory({ url, page, post, complaints }: Room): Promise<void> {
  await page.goto(url);
  await post('/api/faults', { target: 'provider', faults: { latency: 30_000 } });
  await page.getByRole('textbox', { name: 'Message to the bot' }).fill(SECRET);
  await page.keyboard.press('Enter');
  // Whoever has it in hand dies.
  const busy = page.locator('.task[data-role=worker]', {
    has: page.locator('[aria-label="Chat lanes"][aria-valuetext^="1 /"]'),
  });
  await busy.waitFor();
  const victim = (await busy.getAttribute('data-task'))!;
  await busy.getByRole('button', { name: 'Kill' }).click();
  await post('/api/faults', { target: 'provider', faults: { latency: false } });
  await page.locator('.message[data-from=bot]').first().waitFor();

  const mine = page.locator('.message[data-from=user]', { hasText: SECRET });
  await mine.hover();
  await mine.getByRole('button', { name: 'Story' }).click();
  const story = page.getByRole('dialog', { name: 'What became of this message' });
  await story.getByText(/over after/).waitFor();
  const steps = await story.getByRole('listitem').allTextContents();
  const at = (pattern: RegExp) => {
    const index = steps.findIndex((step) => pattern.test(step));
    assert.ok(index >= 0, `${pattern} in\n${steps.join('\n')}`);
    return index;
  };
  const order = [
    /Telegram has it/,
    /web-\d stored and committed/,
    new RegExp(`${victim} begins attempt 1`),
    new RegExp(`${victim} was sent SIGKILL`),
    /worker-\S+ begins attempt 1.*a worker was lost over it/,
    /worker-\S+ sendMessage answered by Telegram/,
    /worker-\S+ handled it/,
    /database done after 0 failed attempts and 1 lost workers/,
  ].map(at);
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
    steps.join('\n'),
  );
  assert.ok(!steps.join('').includes(SECRET), 'without a word of it');
  // And which promise was tested by that.
  const promise = page.locator('[data-promise=takeover]');
  await promise.getByText('kept').waitFor({ state: 'attached' });
  assert.match(
    (await promise.textContent()) ?? '',
    new RegExp(`≤ 17\\.5s.*Last [\\d.]+m?s, at [\\d:]+: SIGKILL to ${victim}\\.`),
  );
  await isFit(page, 'story');
  await page.keyboard.press('Escape');
  assert.deepEqual(complaints, []);
}

async function atTheDesk(room: Room): Promise<void> {
  const { url, page, telegram, telegramApiRoot, complaints, seen, sql, post, said } = room;
  await page.goto(`${url}/desk`);
  await page.getByText('Nothing is parked').waitFor();
  await page.getByRole('status').getByText('Nothing waits for a person').waitFor();

  // Telegram refuses the answer, which no repetition mends: parked, and seen without a reload.
  await telegram.setFaults({ refuse: true });
  await post('/api/say', { chatId: 1001, text: '/help' });
  const { body: ada } = await post('/api/new-chat', {});
  const other = ada['id'] as number;
  await post('/api/say', { chatId: other, text: SECRET });
  const updates = page.locator('[data-kind=update]');
  const mine = updates.locator('.item', { hasText: 'You · 1001' });
  const theirs = updates.locator('.item', { hasText: `Ada · ${other}` });
  await mine.getByText('400 Bad Request').waitFor();
  await theirs.waitFor();
  await telegram.setFaults({});
  await isFit(page, 'parked');
  await mine.getByText('What happened').click();
  await mine.getByText('stored in queue chat').waitFor();
  await updates.getByRole('button', { name: 'Run again: all 2' }).waitFor();

  // By the keyboard. Escape changes nothing.
  const id = Number(await mine.getAttribute('data-item'));
  const stateOf = async (update: number) =>
    (await sql('SELECT state FROM evenkeel.desk WHERE update_id = $1', update))[0]!['state'];
  const dialog = page.getByRole('dialog');
  const again = mine.getByRole('button', { name: 'Run again' });
  await again.focus();
  await page.keyboard.press('Enter');
  await dialog.getByText('They get the answer now, late.').waitFor();
  await isFit(page, 'confirm');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await stateOf(id), 'parked');
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Run again' }).waitFor();
  // Without a reason nothing is done.
  await dialog.locator('button[type=submit]:enabled').click();
  assert.equal(await dialog.count(), 1);
  await page.keyboard.type('Telegram takes it again');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await mine.waitFor({ state: 'detached' });
  await waitFor(async () => (await said(1001)).some((text) => text.includes('/topup')), { what: 'the answer' });
  await waitFor(async () => (await stateOf(id)) === 'done', { what: 'the update to be done' });
  const audit = () => sql('SELECT verb, reason, via FROM evenkeel.audit ORDER BY id DESC LIMIT 1');
  const by = (verb: string, reason: string) => [{ verb, reason, via: 'the control room' }];
  assert.deepEqual(await audit(), by('dead redrive', 'Telegram takes it again'));

  async function decides(button: string, why: string): Promise<void> {
    await dialog.getByLabel('Why?').fill(why);
    await dialog.getByRole('button', { name: button }).click();
    await dialog.waitFor({ state: 'detached' });
  }

  await theirs.getByRole('button', { name: 'Give up' }).click();
  await dialog.getByText('This cannot be taken back.').waitFor();
  await decides('Give up', 'the chat is gone');
  await page.getByText('Nothing is parked').waitFor();
  assert.deepEqual(await audit(), by('dead dismiss', 'the chat is gone'));
  assert.deepEqual(await said(other), []);

  // Nobody knows whether it arrived: it left twice, and no answer came.
  await telegram.setFaults({ loseAnswers: true, sendsOnly: true });
  await post('/api/say', { chatId: other, text: '/balance' });
  const unknown = page.locator('[data-kind=unknown]');
  await unknown.getByText('no answer within').waitFor();
  await telegram.setFaults({});
  await unknown.getByRole('button', { name: 'It arrived' }).click();
  await decides('It arrived', 'Ada says so');
  await unknown.waitFor({ state: 'hidden' });
  assert.deepEqual(await audit(), by('unknown resolve', 'arrived: Ada says so'));

  // Paid for an offer that nobody knows, by somebody who is gone: the job that gives it back is given up.
  const charge = async (chatId: number) => {
    const body = JSON.stringify({ chatId, payload: 'of another shop' });
    await fetch(`${telegramApiRoot}/control/charge`, { method: 'POST', body });
  };
  await charge(other);
  const payments = page.locator('[data-kind=payment]');
  await payments.getByText('nothing credited yet').waitFor();
  await telegram.setFaults({ deleted: [other] });
  await payments.getByRole('button', { name: 'Give it back' }).click();
  await decides('Give it back', 'not our shop');
  const jobs = page.locator('[data-kind=job]');
  await jobs.getByText('USER_ID_INVALID').waitFor();
  await isFit(page, 'jobs');
  await telegram.setFaults({});
  await jobs.getByRole('button', { name: 'Run again' }).click();
  await decides('Run again', 'she is back');
  await jobs.waitFor({ state: 'hidden' });
  await waitFor(async () => (await said(other)).some((text) => text.includes('went back to you')), {
    what: 'her Stars',
  });

  await payments.waitFor({ state: 'hidden' });

  // And one that is worth what a person says.
  await charge(1001);
  await payments.getByText('nothing credited yet').waitFor();
  await payments.getByRole('button', { name: 'Credit it' }).click();
  await dialog.getByLabel('Credits').fill('40');
  await dialog.getByText('40 credits to user 1001').waitFor();
  await decides('Credit it', 'their order was lost');
  await payments.waitFor({ state: 'hidden' });
  await waitFor(async () => (await said(1001)).some((text) => text.includes('You have 40 credits')), {
    what: 'credits',
  });
  await page.getByLabel('Which one').fill('1001');
  await page.getByRole('button', { name: 'Look', exact: true }).click();
  await page.getByRole('region', { name: 'credits of user 1001' }).getByText('40', { exact: true }).first().waitFor();

  // What goes out is held, and let go.
  await page.getByRole('button', { name: 'Hold everything' }).click();
  await decides('Hold everything', 'looking');
  const held = page.locator('[data-kind=held]');
  await held.locator('.pill', { hasText: /^held$/ }).waitFor();
  await isFit(page, 'held');
  await held.getByRole('button', { name: 'Let everything go out' }).click();
  await decides('Let everything go out', 'looked');
  await held.locator('.pill', { hasText: 'everything goes out' }).waitFor();
  assert.deepEqual(await audit(), by('resume', 'looked'));

  await aNamelessCallback(room, decides, audit);

  for (const [body, status, says] of [
    [{ kind: 'update', deed: 'burn', ids: ['1'], reason: 'x' }, 400, /nobody can do "burn"/],
    [{ kind: 'update', deed: 'redrive', ids: ['--all'], reason: 'x' }, 400, /^ids\.0: is no id/],
    [{ kind: 'update', deed: 'redrive', ids: ['1'] }, 400, /say why/],
    [{ kind: 'update', deed: 'redrive', ids: ['1'], reason: '--all' }, 409, /Nothing there that could be run again/],
    [{ kind: 'payment', deed: 'link', ids: ['R-999'], reason: 'x' }, 409, /No payment R-999/],
    [
      { kind: 'payment', deed: 'link', ids: ['R-1'], credits: 'many', reason: 'x' },
      400,
      /--credits takes a whole number/,
    ],
  ] as const) {
    const answer = await post('/api/desk', body);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match(String(answer.body['error']), says);
  }
  assert.ok(!seen.some((text) => text.includes(SECRET)), 'a text of a person at the desk');
  assert.deepEqual(complaints, []);
}

/** Crypto Pay signs a callback that names no payment: parked, and what was paid is found by asking all the same. */
async function aNamelessCallback(
  { url, page, telegram, post, said }: Room,
  decides: (button: string, why: string) => Promise<void>,
  audit: () => Promise<Record<string, unknown>[]>,
): Promise<void> {
  const user = 1001;
  const next = async (matching: RegExp, after: number) =>
    waitFor(
      async () =>
        (await telegram.messages(user)).find(
          ({ from, messageId, text }) => from === 'bot' && messageId > after && matching.test(text),
        ),
      { what: String(matching), within: 120_000 },
    );
  const last = async () => (await telegram.messages(user)).at(-1)?.messageId ?? 0;
  assert.equal((await post('/api/faults', { target: 'cryptoPay', faults: { nameless: true } })).status, 200);
  const before = await last();
  await telegram.say(user, '/topup');
  await telegram.tap(user, (await next(/Which package/, before)).messageId, 'buy:small');
  await telegram.tap(user, (await next(/how do you want to pay/, before)).messageId, 'cryptoPay:small');
  await next(/You pay with @CryptoBot/, before);
  const bills = (await (await fetch(`${url}/api/bills/${user}`)).json()) as { payer: string; id: string }[];
  const { payer, id } = bills.at(-1)!;
  assert.equal((await post('/api/bills', { chatId: user, payer, id, deed: 'pay' })).status, 200);

  const callbacks = page.locator('[data-kind=callback]');
  await callbacks.getByText('a callback of cryptoPay that names no payment').waitFor();
  await callbacks.getByText('somebody may have paid').waitFor();
  assert.equal(await callbacks.getByRole('button', { name: 'Give up' }).count(), 0);
  await isFit(page, 'callback');
  await waitFor(async () => (await said(user)).some((text) => /100 credits for 1\.00 USDT/.test(text)), {
    what: 'the receipt of what was paid',
    within: 120_000,
  });
  await callbacks.getByRole('button', { name: 'Run again' }).click();
  await page.getByRole('dialog').getByText('What was paid is credited, once').waitFor();
  await decides('Run again', 'to see what it was');
  assert.deepEqual(await audit(), [{ verb: 'dead redrive', reason: 'to see what it was', via: 'the control room' }]);
  // It says no more than it did, and nothing is credited for it.
  await callbacks.getByText('a callback of cryptoPay that names no payment').waitFor();
  assert.equal((await said(user)).filter((text) => /100 credits for 1\.00 USDT/.test(text)).length, 1);
  await post('/api/faults', { target: 'cryptoPay', faults: { nameless: false } });
}

async function atTheSwitches(room: Room): Promise<void> {
  const { url, page, complaints, sql, post, said } = room;
  await page.goto(url);
  const card = page.getByRole('article', { name: 'Switches' });
  const wallet = card.locator('.switch-row', { has: page.locator('[data-flag=wallet]') });
  await wallet.getByText('on', { exact: true }).waitFor();
  const toggle = page.getByRole('switch', { name: 'wallet' });
  await toggle.focus();
  await page.keyboard.press('Space');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('is told that it is switched off just now').waitFor();
  await dialog.getByLabel('Why?').fill('prices are wrong');
  await dialog.getByRole('button', { name: 'Switch off' }).click();
  await dialog.waitFor({ state: 'detached' });
  // So it says once every process's /health does.
  await wallet.getByText('off', { exact: true }).waitFor();
  await wallet.getByText('prices are wrong').waitFor();
  assert.equal(await toggle.getAttribute('aria-checked'), 'false');
  await post('/api/say', { chatId: 1001, text: '/topup' });
  await waitFor(async () => (await said(1001)).some((text) => text.includes('Nothing can be bought just now')), {
    what: 'a no',
  });
  assert.deepEqual(await sql(`SELECT is_on, reason FROM evenkeel.flag WHERE name = 'wallet'`), [
    { is_on: false, reason: 'prices are wrong' },
  ]);

  const never = card.locator('.switch-row', { has: page.locator('[data-flag=nowPayments]') });
  await never.getByText('off in the posture').waitFor();
  await never.getByText('Set features.nowPayments in the posture').waitFor();
  assert.ok(await page.getByRole('switch', { name: 'nowPayments' }).isDisabled());
  const refused = await post('/api/desk', { kind: 'flag', deed: 'on', ids: ['nowPayments'], reason: 'x' });
  assert.deepEqual(
    [refused.status, refused.body['error']],
    [409, 'The posture has nowPayments off, and no flag turns that on: features.nowPayments.'],
  );
  await page.getByRole('switch', { name: 'schedules.reserves' }).scrollIntoViewIfNeeded();
  // As the bar of views does it on a phone.
  await page.evaluate(`document.body.dataset.pane = 'posture'`);
  await isFit(page, 'switches');

  await toggle.click();
  await dialog.getByLabel('Why?').fill('mended');
  await dialog.getByRole('button', { name: 'Switch on' }).click();
  await wallet.getByText('on', { exact: true }).waitFor();
  await post('/api/say', { chatId: 1001, text: '/topup' });
  await waitFor(async () => (await said(1001)).some((text) => text.includes('Which package?')), { what: 'an offer' });
  assert.deepEqual(await sql(`SELECT verb, reason FROM evenkeel.audit WHERE target = 'flag wallet' ORDER BY id`), [
    { verb: 'flag off', reason: 'prices are wrong' },
    { verb: 'flag on', reason: 'mended' },
  ]);
  assert.deepEqual(complaints, []);
}
