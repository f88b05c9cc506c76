/** Whoever sees little, or has no mouse: WCAG AA by axe-core, and a walk by the keyboard, at all widths and in both themes. */
import assert from 'node:assert/strict';
import { after, before, suite, test, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startAccess } from '../../../local/world/access/index.ts';
import { startNovita } from '../../../local/world/novita/index.ts';
import { axeFindings } from './axe.ts';
import { launchChromium, skipWithoutChromium } from './chromium.ts';
import { fakeOperator } from './fakes.ts';
import { openRoom, OVERFLOW } from './opened.ts';

const WIDTHS = [
  { width: 390, height: 844 },
  { width: 768, height: 1024 },
  { width: 1440, height: 900 },
];
const VIEWS = ['Chat', 'Posture', 'Faults'];
/** Whatever can be worked and is in sight, named, in the order of the page; what another key moves within is one. */
const CONTROLS = `(() => {
  const name = (node) => node.getAttribute('aria-label') ?? node.title ?? '';
  return [...document.querySelectorAll('button, a[href], input, select, textarea, summary, [tabindex="0"]')]
    .filter((node) => node.checkVisibility() && !node.disabled && node.tabIndex >= 0)
    .map((node, index) => (node.dataset.walked = String(index)));
})()`;
/** Where the focus is, and whether it can be seen there. */
const FOCUS = `(() => {
  const node = document.activeElement;
  const { top, bottom, left, right } = node.getBoundingClientRect();
  const { outlineStyle, outlineWidth } = getComputedStyle(node);
  return {
    at: node.dataset.walked,
    what: node.outerHTML.slice(0, 120),
    isRinged: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1,
    isInSight: bottom > 0 && top < innerHeight && right > 0 && left < innerWidth,
  };
})()`;

interface Focus {
  at?: string;
  what: string;
  isRinged: boolean;
  isInSight: boolean;
}

suite('by whom the page can be used', { skip: skipWithoutChromium(), timeout: 600_000 }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());

  /** With everything that the page can show: all faults, bills, parked work, switches, markup, an open breaker. */
  async function open(t: TestContext, options: Parameters<typeof openRoom>[2]) {
    const [novita, access] = [await startNovita(), await startAccess()];
    t.after(() => Promise.all([novita.stop(), access.stop()]));
    const room = await openRoom(browser, t, { novita, access, operator: fakeOperator(), ...options });
    const { telegram, platform, page } = room;
    telegram.faults = { hang: true };
    platform.list[1] = { ...platform.list[1]!, state: 'unhealthy' };
    platform.list[2]!.health!.providers!['openrouter']!.breaker = 'open';
    telegram.send(1001, { from: 'user', text: 'Show me', updateId: 101 });
    telegram.say(1001, '/start');
    telegram.faults = {};
    await page.locator('.message[data-from=bot] pre').waitFor();
    telegram.faults = { hang: true };
    await page.locator('[data-fault="telegram.hang"][aria-pressed=true]').waitFor({ state: 'attached' });
    return room;
  }

  /** Each view that a window of this width has, in turn. */
  async function* views(page: Page): AsyncGenerator<string> {
    const isNarrow = await page.locator('#switch').isVisible();
    for (const view of isNarrow ? VIEWS : ['all']) {
      // By a key, as rings are drawn only for who uses keys.
      if (isNarrow) await page.locator('#switch').getByText(view, { exact: true }).press('Enter');
      yield view;
    }
  }

  for (const scheme of ['light', 'dark'] as const)
    for (const viewport of [WIDTHS[0]!, WIDTHS[2]!])
      test(`in ${scheme} at ${viewport.width} px every pane obeys WCAG AA`, async (t) => {
        const { page } = await open(t, { viewport, scheme });
        const found = async (what: string) =>
          assert.deepEqual(await axeFindings(page), [], `${what}, ${scheme}, ${viewport.width}`);
        for await (const view of views(page)) {
          await found(view);
          assert.equal(await page.evaluate(OVERFLOW), 0, view);
        }
        if (await page.locator('#switch').isVisible())
          await page.locator('#switch').getByText('Chat', { exact: true }).click();
        await page.getByRole('button', { name: 'Commands' }).click();
        await page.getByRole('option').first().waitFor();
        await found('commands');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'Story' }).first().click();
        await page.getByText('over after').waitFor();
        await found('story');
        await page.keyboard.press('Escape');

        await page.goto(new URL('/desk', page.url()).href);
        await page.getByText('Update 7').waitFor();
        await found('desk');
        await page.getByRole('button', { name: 'Run again', exact: true }).first().click();
        await page.getByRole('dialog').waitFor();
        await found('what is asked before something is done');
      });

  for (const scheme of ['light', 'dark'] as const)
    for (const viewport of WIDTHS)
      test(`in ${scheme} at ${viewport.width} px the keyboard reaches everything, in order, in sight`, async (t) => {
        const { page, complaints } = await open(t, { viewport, scheme });
        for await (const view of views(page)) await walk(page, `${view}, ${scheme}, ${viewport.width}`);
        await page.goto(new URL('/desk', page.url()).href);
        await page.getByText('Update 7').waitFor();
        await walk(page, `desk, ${scheme}, ${viewport.width}`);
        assert.deepEqual(complaints, []);
      });

  async function walk(page: Page, where: string): Promise<void> {
    const wanted = await page.evaluate<string[]>(CONTROLS);
    await page.evaluate('document.activeElement.blur(), getSelection().removeAllRanges()');
    await page.locator('.skip').focus();
    const reached: string[] = [];
    for (let steps = 0; steps <= wanted.length; steps += 1) {
      const focus = await page.evaluate<Focus>(FOCUS);
      if (focus.at === undefined) break;
      assert.ok(focus.isRinged, `${where}: no ring around ${focus.what}`);
      assert.ok(focus.isInSight, `${where}: out of sight: ${focus.what}`);
      reached.push(focus.at);
      await page.keyboard.press('Tab');
    }
    assert.deepEqual(reached, wanted, where);
  }

  test('all that matters is done by keys: write, read the story, break something, decide', async (t) => {
    const { page, platform, telegram } = await open(t, { viewport: WIDTHS[0]! });
    await page.getByRole('textbox', { name: 'Message to the bot' }).focus();
    await page.keyboard.type('hello');
    await page.keyboard.press('Enter');
    const mine = page.locator('.message[data-from=user]', { hasText: 'Show me' });
    await mine.getByRole('button', { name: 'Story' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('over after').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Story', 'the focus is where it was');

    await page.locator('#switch').getByText('Posture', { exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Kill web-1' }).focus();
    await page.keyboard.press('Space');
    await page.locator('#switch').getByText('Faults', { exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.log').getByText('web-1 was sent SIGKILL').waitFor();
    assert.deepEqual(platform.kills, [{ taskId: 'web-1', signal: 'SIGKILL' }]);
    await page.locator('[data-fault="telegram.error"]').focus();
    await page.keyboard.press('Space');
    await page.locator('[data-fault="telegram.error"][aria-pressed=true]').waitFor();
    assert.equal(telegram.faults.error, true);
  });
});
