import assert from 'node:assert/strict';
import { after, before, suite, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { startAccess } from '../../../local/world/access/index.ts';
import { startMedia } from '../../../local/world/media/index.ts';
import { startNovita } from '../../../local/world/novita/index.ts';
import { picture } from '../../../local/world/novita/results.ts';
import { startObjects } from '../../../local/world/objects/index.ts';
import { startControlRoom } from '../../../local/control-room/server.ts';
import { resolve } from '../../../posture/resolve.ts';
import { launchChromium, skipWithoutChromium } from './chromium.ts';
import { LOW_CONTRAST } from './contrast.ts';
import { fakePlatform, fakeProvider, fakeTelegram } from './fakes.ts';
import { ADDRESS, BILL, openRoom, OVERFLOW, PHONE } from './opened.ts';

/** Whether the bottom of the last message is seen. */
const LAST_IN_SIGHT = `(() => {
  const { bottom } = [...document.querySelectorAll('.message')].at(-1).getBoundingClientRect();
  const pane = document.querySelector('.conversation').getBoundingClientRect();
  return bottom > pane.top && bottom <= pane.bottom + 1;
})()`;
/** What can be touched, is in sight and smaller than 44 px either way, but for words within a text. */
const TOO_SMALL = `[...document.querySelectorAll('button, a, [role=option], input, select, textarea')]
  .filter((node) => node.offsetParent && !node.matches('.skip, .command, .text a'))
  .map((node) => ({ name: node.getAttribute('aria-label') ?? node.textContent, box: node.getBoundingClientRect() }))
  .filter(({ box }) => box.width < 44 || box.height < 44)
  .map(({ name, box }) => name + ' ' + Math.round(box.width) + ' × ' + Math.round(box.height))`;

suite('the page in a browser', { skip: skipWithoutChromium(), timeout: 400_000 }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());

  const open = (t: TestContext, options?: Parameters<typeof openRoom>[2]) => openRoom(browser, t, options);

  test('what is typed is answered, with markup as nodes, ticks and buttons', async (t) => {
    const { page, complaints, telegram } = await open(t);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    const answer = page.locator('.message[data-from=bot]').first();
    await answer.waitFor();
    assert.equal(await answer.locator('strong em').innerText(), 'Ada');
    assert.equal(await answer.locator('pre[data-language=js] code').innerText(), 'const x = 1 < 2;');
    assert.equal(await answer.locator('a').first().getAttribute('href'), 'https://core.telegram.org/bots/api');
    await answer.locator('.spoiler').press('Enter');
    await answer.locator('.spoiler.shown').waitFor();

    await page.getByLabel('Message to the bot').fill('<img src=x onerror=alert(1)>');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('second line');
    await page.keyboard.press('Enter');
    const said = '<img src=x onerror=alert(1)>\nsecond line';
    await page.locator('.message[data-from=bot]', { hasText: 'You said: <img' }).waitFor();
    assert.equal(telegram.messages(1001).at(-2)?.text, said);
    assert.equal(await page.locator('.messages img').count(), 0);
    await page.locator('.message[data-from=user]', { hasText: 'second' }).locator('[data-state=answered]').waitFor();

    await page.getByRole('button', { name: 'Tell me more' }).click();
    await page.locator('.toast', { hasText: 'You tapped more' }).waitFor();
    await page.getByRole('button', { name: 'Start over' }).click();
    await page.getByRole('dialog').getByText('You tapped reset').waitFor();
    await page.getByRole('button', { name: 'OK' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.locator('.key[aria-busy]').waitFor({ state: 'detached' });
    assert.deepEqual(complaints, []);
  });

  test('what comes of a button is scrolled to, however far up it was pressed', async (t) => {
    const { page, telegram } = await open(t);
    telegram.send(1001, { text: 'Choose', buttons: [[{ text: 'First', callback_data: 'first' }]] });
    for (let index = 0; index < 40; index += 1) telegram.send(1001, { text: `message ${index}` });
    await page.getByText('message 39').waitFor();
    await page.getByRole('button', { name: 'First' }).click();
    assert.equal(await page.evaluate(LAST_IN_SIGHT), false);
    telegram.send(1001, { text: 'You chose the first' });
    await page.getByText('You chose the first').waitFor();
    assert.equal(await page.evaluate(LAST_IN_SIGHT), true);
  });

  test('the last message is edited with ArrowUp, and marked so', async (t) => {
    const { page } = await open(t);
    const box = page.getByLabel('Message to the bot');
    await box.fill('helo');
    await box.press('Enter');
    await page.getByText('You said: helo').waitFor();
    await box.press('ArrowUp');
    assert.equal(await box.inputValue(), 'helo');
    await box.fill('hello');
    await box.press('Enter');
    const edited = page.locator('.message[data-from=user]', { hasText: 'hello' });
    await edited.getByText('edited').waitFor();
  });

  test('a picture that the bot sends is seen, a video is named, each with its words', async (t) => {
    const { page, telegram, complaints } = await open(t);
    const preview = `data:image/png;base64,${picture('a lighthouse').toString('base64')}`;
    telegram.send(1001, { text: 'Your picture.', media: { kind: 'photo', name: 'picture.jpg', size: 9_000, preview } });
    telegram.send(1001, { text: 'Your video.', media: { kind: 'video', name: 'video.mp4', size: 524_288 } });
    const seen = page.locator('.message', { hasText: 'Your picture.' }).locator('img');
    await seen.waitFor();
    assert.equal(await seen.getAttribute('alt'), 'Picture picture.jpg, 9 kB');
    assert.equal(await seen.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth), 128);
    await page.getByText('Video video.mp4, 512 kB').waitFor();
    assert.deepEqual(complaints, []);
  });

  test('javascript: never becomes a link, and crossing markup is cut, not lost', async (t) => {
    const { page, telegram, complaints } = await open(t);
    telegram.send(1001, {
      text: 'one two three',
      entities: [
        { type: 'text_link', offset: 0, length: 3, url: 'javascript:alert(1)' },
        { type: 'bold', offset: 0, length: 7 },
        { type: 'italic', offset: 4, length: 9 },
      ],
      buttons: [[{ text: 'Bad', url: 'javascript:alert(1)' }]],
    });
    const message = page.locator('.message').first();
    await message.waitFor();
    assert.equal(await message.locator('a[href]').count(), 0);
    assert.match(await message.locator('.text').innerText(), /^one two three/);
    assert.deepEqual(await message.locator('strong').allInnerTexts(), ['one two']);
    assert.deepEqual(await message.locator('em').allInnerTexts(), ['two', ' three']);
    assert.deepEqual(complaints, []);
  });

  test('several people chat, each in a tab with its unread messages', async (t) => {
    const { page, telegram } = await open(t);
    await page.getByRole('button', { name: 'Add chat' }).click();
    const ada = page.getByRole('tab', { name: 'Ada' });
    await page.getByRole('tab', { name: 'Ada', selected: true }).waitFor();
    telegram.send(1001, { text: 'for you' });
    await page.getByRole('tab', { name: 'You' }).locator('.badge', { hasText: '1' }).waitFor();
    await ada.press('ArrowLeft');
    await page.getByText('for you').waitFor();
    await page.getByRole('tab', { name: 'You', selected: true }).waitFor();
  });

  test('tasks live and die before your eyes, and can be killed', async (t) => {
    const { page, platform } = await open(t);
    const card = page.getByRole('article', { name: 'Task worker-1' });
    await card.getByText('pid 4111').waitFor();
    await card.getByRole('meter', { name: 'Pool' }).waitFor();
    assert.equal(await card.getByRole('meter', { name: 'Pool' }).getAttribute('aria-valuetext'), '4 / 6 / 8');
    await card.getByRole('button', { name: 'Kill worker-1' }).click();
    await page.locator('.log').getByText('worker-1 was sent SIGKILL').waitFor();
    assert.deepEqual(platform.kills, [{ taskId: 'worker-1', signal: 'SIGKILL' }]);

    const task = platform.list[2]!;
    platform.list[2] = { ...task, state: 'stopped', pid: undefined, health: undefined, lastExit: 'SIGKILL' };
    await card.getByText('stopped', { exact: true }).waitFor();
    await page.locator('.log').getByText('worker-1 died: SIGKILL').waitFor();
    await page.getByRole('status').getByText('worker-1 stopped').waitFor();
    const next = { ...task, id: 'worker-1-2', pid: 4999, restarts: 1, lastExit: 'SIGKILL' };
    platform.list[2] = next;
    await card.getByText('pid 4999').waitFor();
    await card.getByText('1 restart').waitFor();

    // The same card, where it was: whoever clicks twice does not end another task, and the keyboard stays where it is.
    assert.equal(await page.evaluate('document.activeElement?.textContent'), 'Kill');
    assert.equal(
      await page
        .getByRole('article', { name: /^Task / })
        .nth(2)
        .getAttribute('data-task'),
      'worker-1-2',
    );
    await card.getByRole('button', { name: 'Freeze worker-1-2' }).click();
    await card.getByRole('button', { name: 'Thaw worker-1-2' }).waitFor();
    assert.deepEqual(platform.kills.at(-1), { taskId: 'worker-1-2', signal: 'SIGSTOP' });

    // Frozen beyond its health checks: another serves in its place, and this one is told until its end.
    platform.list[2] = { ...task, id: 'worker-1-3', pid: 5001, restarts: 2 };
    platform.list.push({ ...next, state: 'draining', killAt: Date.now() + 42_400 });
    await card.getByText(/worker-1-2 stands still: SIGKILL in 4[012] s/).waitFor();
    await page
      .locator('.log')
      .getByText(/worker-1-2 is asked to end, frozen as it is: SIGKILL in 4[012] s/)
      .waitFor();
    assert.equal(await page.getByRole('article', { name: /^Task / }).count(), 4);
    platform.list.pop();
    await page.locator('.log').getByText('worker-1-2 has ended').waitFor();
    assert.equal(await page.locator('.log').getByText('worker-1-2 died').count(), 0);
  });

  test('what somebody breaks tests a promise, which says so and by how much; what was refused is in sight', async (t) => {
    const { page, platform } = await open(t);
    const takeover = page.locator('[data-promise=takeover]');
    const isInSight = async (name: string) => {
      const { y, height } = (await page.locator(name).first().boundingBox())!;
      assert.ok(y >= 0 && y + height <= 900, name);
    };
    await isInSight('.foremost');
    await isInSight('.log-card');
    await takeover.getByText('not tested yet').waitFor();
    await page.getByRole('button', { name: 'Kill worker-1' }).click();
    await takeover.getByText('being tested').waitFor();
    await page.locator('.log').getByText('Promise takeover is tested by SIGKILL to worker-1: 17.5s').waitFor();
    platform.takenOver.push(Date.now());
    await takeover.getByText('kept').waitFor();
    await takeover.getByText(/Last [\d.]+m?s, at [\d:]+: SIGKILL to worker-1/).waitFor();
    await page
      .locator('.log')
      .getByText(/Promise takeover: [\d.]+m?s of 17\.5s/)
      .waitFor();
    await isInSight('.log li');
  });

  test('the first minute is guided, step by step, until it is dismissed, and stays so', async (t) => {
    const { page, platform } = await open(t);
    const guide = page.getByRole('region', { name: 'Your first minute' });
    const done = guide.locator('[data-done]');
    assert.equal(await done.count(), 0);
    await page.getByLabel('Message to the bot').fill('hello');
    await page.keyboard.press('Enter');
    await page.getByText('You said: hello').waitFor();
    assert.deepEqual(await done.allTextContents(), ['Write to the bot.']);
    await page.getByRole('button', { name: 'Kill worker-1' }).click();
    await done.nth(1).waitFor();
    await page.getByLabel('Message to the bot').fill('again');
    await page.keyboard.press('Enter');
    await done.nth(2).waitFor();
    platform.takenOver.push(Date.now());
    await done.nth(3).waitFor();
    await guide.getByRole('button', { name: 'Dismiss' }).click();
    await guide.waitFor({ state: 'hidden' });
    await page.reload();
    await page.getByRole('article', { name: 'Task web-1' }).waitFor();
    assert.equal(await guide.isVisible(), false);
  });

  test('a tab that stays open over a restart, and a second tab, show one calm state each', async (t) => {
    const opened = await open(t);
    const second = await opened.page.context().newPage();
    await second.goto(opened.page.url());
    await second.getByText('Even keel').waitFor();
    await opened.page.getByLabel('Message to the bot').fill('to both');
    await opened.page.keyboard.press('Enter');
    for (const page of [opened.page, second]) await page.getByText('You said: to both').waitFor();
    assert.deepEqual(opened.complaints, []);

    const port = Number(new URL(opened.page.url()).port);
    await opened.stop();
    for (const page of [opened.page, second]) await page.getByRole('alert').getByText('Reconnecting').waitFor();
    // Another start at the same address: other chats, other tasks, the same tabs.
    const again = await startControlRoom({
      port,
      host: '127.0.0.1',
      telegram: fakeTelegram(),
      provider: fakeProvider(),
      platform: fakePlatform(),
      posture: resolve({}),
      stack: 'local',
    });
    t.after(() => again.stop());
    for (const page of [opened.page, second]) {
      await page.getByRole('alert').waitFor({ state: 'hidden' });
      await page.getByText('Even keel').waitFor();
      assert.equal(await page.getByText('You said: to both').count(), 0, 'what is gone is not shown');
    }
    await second.close();
  });

  test('the bot\'s commands are offered behind "/", and a long text goes as several messages', async (t) => {
    const { page, complaints } = await open(t);
    const box = page.getByRole('textbox', { name: 'Message to the bot' });
    const options = page.getByRole('listbox', { name: 'Commands' }).getByRole('option');
    await page.getByRole('button', { name: 'Commands' }).click();
    await options.nth(2).waitFor();
    await page.keyboard.type('b');
    await options.filter({ hasText: '/start' }).waitFor({ state: 'detached' });
    assert.deepEqual(await options.allTextContents(), ['/balance Your credits', '/broadcast Write to all']);
    await page.keyboard.press('ArrowDown');
    assert.equal(await options.nth(1).getAttribute('aria-selected'), 'true');
    await page.keyboard.press('Enter');
    await page.getByText('You said: /broadcast').waitFor();
    assert.equal(await box.inputValue(), '');

    await box.fill('/nothing');
    await page.getByRole('listbox', { name: 'Commands' }).waitFor({ state: 'hidden' });
    const words = 'word '.repeat(1_000).trim();
    await box.fill(words);
    await page.keyboard.press('Enter');
    const mine = page.locator('.message[data-from=user] .text');
    await mine.nth(2).waitFor();
    const said = (await mine.allTextContents()).slice(1).map((text) => text.replace(/[^a-z ]/gi, '').trim());
    assert.ok(
      said.every((text) => /^word( word)*/.test(text)),
      'cut between words',
    );
    assert.equal(said.join(' ').match(/word/g)?.length, 1_000);
    assert.deepEqual(complaints, []);
  });

  test('what is touched is as large as a finger, and the page still fits', async (t) => {
    const { page } = await open(t, { viewport: PHONE, touch: true });
    for (const view of ['Chat', 'Posture', 'Faults']) {
      await page.locator('#switch').getByText(view, { exact: true }).click();
      if (view === 'Chat') await page.getByRole('button', { name: 'Commands' }).click();
      assert.deepEqual(await page.evaluate(TOO_SMALL), [], view);
      assert.equal(await page.evaluate(OVERFLOW), 0, view);
      await page.keyboard.press('Escape');
    }
  });

  test('every fault can be toggled on and off', async (t) => {
    const novita = await startNovita();
    t.after(() => novita.stop());
    const access = await startAccess();
    t.after(() => access.stop());
    const media = await startMedia();
    t.after(() => media.stop());
    const objects = await startObjects();
    t.after(() => objects.stop());
    const { page, telegram, provider, payers, complaints } = await open(t, { novita, access, media, objects });
    const toggles = await page.locator('[data-fault]').all();
    assert.equal(toggles.length, 52);
    for (const on of [true, false]) {
      for (const toggle of toggles) {
        await toggle.click();
        const name = await toggle.getAttribute('data-fault');
        await page.locator(`[data-fault="${name}"][aria-pressed=${on}]`).waitFor();
      }
      const worlds = [telegram, provider, novita, access, media, objects, payers.cryptoPay, payers.nowPayments];
      const count = worlds.reduce((sum, { faults }) => sum + Object.keys(faults).length, 0);
      assert.equal(count, on ? 52 : 0);
    }
    assert.deepEqual(complaints, []);
  });

  test('faults are seen in the status, and all switched off at once', async (t) => {
    const { page, telegram, provider } = await open(t);
    await page.locator('[data-fault="telegram.rateLimit"]').click();
    await page.locator('[data-fault="telegram.rateLimit"][aria-pressed=true]').waitFor();
    assert.deepEqual(telegram.faults, { rateLimit: { retryAfter: 5 } });
    await page.locator('[data-fault="provider.latency"]').click();
    await page.getByRole('status').getByText('2 faults on').waitFor();
    assert.deepEqual(provider.faults, { latency: 5000 });
    await page.getByRole('button', { name: 'Switch all off' }).click();
    await page.getByRole('status').getByText('Even keel').waitFor();
    assert.deepEqual([telegram.faults, provider.faults], [{}, {}]);

    await page.getByRole('button', { name: 'Flood' }).click();
    await page.getByText('order kept').waitFor();
  });

  test('what is to be paid elsewhere is paid in the chat or beside it, or something else becomes of it', async (t) => {
    const { page, telegram, payers, complaints } = await open(t);
    const card = page.getByRole('article', { name: 'Crypto' });
    telegram.send(1001, { text: '100 credits for $1.00', buttons: [[{ text: 'Pay $1.00', url: BILL }]] });
    await page.getByRole('button', { name: 'Pay $1.00' }).click();
    await card.locator('[data-bill=cryptoPay-17]').getByText('paid', { exact: true }).waitFor();
    await page.locator('.key[aria-busy]').waitFor({ state: 'detached' });
    await card.locator('[data-bill=nowPayments-17]').getByRole('button', { name: 'Let it expire' }).click();
    await card.locator('[data-bill=nowPayments-17]').getByRole('button', { name: 'Tell again' }).waitFor();
    assert.deepEqual([payers.cryptoPay.played, payers.nowPayments.played], [['17 pay'], ['17 expire']]);
    assert.equal(await card.locator('[data-bill]').count(), 2);
    assert.deepEqual(complaints, []);
  });

  test('what is to be sent to an address is sent from the chat, or something else becomes of it beside it', async (t) => {
    const { page, telegram, payers, complaints } = await open(t, { viewport: PHONE });
    telegram.send(1001, { text: `Send 1.18 USDTTRC20 to\n\n${ADDRESS}\n\nand nothing else.` });
    await page.getByRole('button', { name: 'Something else' }).click();
    await page.locator('[data-bill=nowPayments-17]').getByRole('button', { name: 'Pay it all' }).waitFor();
    await page.getByRole('navigation').getByRole('button', { name: 'Chat' }).click();
    await page.getByRole('button', { name: 'Send it all' }).click();
    await page.getByRole('navigation').getByRole('button', { name: 'Faults' }).click();
    await page.locator('[data-bill=nowPayments-17]').getByText('paid', { exact: true }).waitFor();
    assert.deepEqual(payers.nowPayments.played, ['17 pay']);
    await page.getByRole('navigation').getByRole('button', { name: 'Chat' }).click();
    await page.getByRole('button', { name: 'Send it all' }).click();
    await page.locator('.toast', { hasText: 'this bill is paid' }).waitFor();
    assert.deepEqual(
      complaints.filter((text) => !text.includes('409')),
      [],
    );
  });

  test('5,000 events and messages leave the page as light as before: what is old goes, and little is loaded', async (t) => {
    const { page, telegram, complaints } = await open(t);
    const nodes = () => page.evaluate<number>('document.querySelectorAll("*").length');
    const before = await nodes();
    for (let index = 0; index < 5_000; index += 1) telegram.send(1001, { text: `message ${index}` });
    const url = new URL('/api/tasks/nobody/kill', page.url()).href;
    await page.getByText('message 4999').waitFor();
    for (let index = 0; index < 300; index += 1)
      await page.request.post(url.replace('nobody', 'worker-1'), { data: { signal: 'SIGCONT' } });
    await page.locator('.log li').nth(199).waitFor();
    assert.equal(await page.locator('.log li').count(), 200);
    assert.ok((await page.locator('.message').count()) <= 300);
    assert.ok((await nodes()) - before < 200 * 5 + 300 * 12, `${before} nodes, then ${await nodes()}`);
    const loaded = await page.evaluate<number>(
      `performance.getEntriesByType('resource').filter(({ name }) => /\\.(js|css|svg)$/.test(name)).reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0)`,
    );
    assert.ok(loaded > 50_000 && loaded < 200_000, `${loaded} bytes of script, style and pictures`);
    assert.deepEqual(complaints, []);
  });

  test('on paper the posture stands alone, without what can only be pressed', async (t) => {
    const { page } = await open(t, { scheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('#posture').isVisible(), true);
    assert.equal(await page.getByRole('article', { name: 'Promises' }).isVisible(), true);
    for (const selector of ['#chat', '#faults', '.acts', '#switch', '.first-minute'])
      assert.equal(await page.locator(selector).first().isVisible(), false, selector);
    // All of it, over as many sheets as it takes.
    const { height } = (await page.locator('#posture').boundingBox())!;
    assert.equal(await page.evaluate('getComputedStyle(document.getElementById("posture")).overflowY'), 'visible');
    assert.ok(height > 900, `${height} px`);
    assert.deepEqual(await page.evaluate(LOW_CONTRAST), []);
  });

  test('a lost connection is said', async (t) => {
    const { page, stop } = await open(t);
    await stop();
    await page.getByRole('alert').getByText('Reconnecting').waitFor();
  });

  test('the real Telegram is pointed to', async (t) => {
    const bot = { username: 'some_bot' };
    const { page } = await open(t, { telegram: undefined, payers: {}, bot });
    assert.equal(await page.getByRole('link', { name: '@some_bot' }).getAttribute('href'), 'https://t.me/some_bot');
    for (const name of ['Telegram', 'Crypto Pay', 'NOWPayments'])
      assert.equal(await page.getByRole('group', { name: `Faults of ${name}` }).isVisible(), false);
    assert.equal(await page.getByRole('article', { name: 'Crypto' }).isVisible(), false);
  });

  for (const viewport of [PHONE, { width: 360, height: 640 }]) {
    test(`at ${viewport.width}px one view is shown at a time and nothing scrolls sideways`, async (t) => {
      const { page, telegram, complaints } = await open(t, { viewport });
      telegram.send(1001, { text: 'x'.repeat(300), entities: [{ type: 'pre', offset: 0, length: 200 }] });
      for (let index = 0; index < 20; index += 1) telegram.send(1001, { text: `message ${index}` });
      await page.getByText('message 19').waitFor();
      for (const view of ['Posture', 'Faults', 'Chat']) {
        await page.getByRole('navigation').getByRole('button', { name: view }).click();
        assert.equal(await page.locator('.pane:visible').count(), 1, view);
        assert.equal(await page.evaluate(OVERFLOW), 0, view);
      }
      assert.deepEqual(complaints, []);
    });
  }

  for (const scheme of ['light', 'dark'] as const) {
    test(`in ${scheme} every text is readable`, async (t) => {
      const { page, telegram, platform } = await open(t, { scheme });
      telegram.faults = { hang: true, duplicates: 2 };
      telegram.say(1001, '/start');
      platform.list[1] = { ...platform.list[1]!, state: 'unhealthy' };
      platform.list[2] = { ...platform.list[2]!, state: 'draining' };
      platform.list[3]!.health!.providers!['openrouter']!.breaker = 'open';
      await page.getByText('draining', { exact: true }).waitFor();
      telegram.send(1001, { text: 'Choose https://example.com', buttons: [[{ text: 'A', callback_data: 'a' }]] });
      await page.getByRole('button', { name: 'A', exact: true }).waitFor();
      assert.deepEqual(await page.evaluate(LOW_CONTRAST), []);
    });
  }
});
