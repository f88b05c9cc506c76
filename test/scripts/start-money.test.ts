/**
 * All of it, in the page: a person pays with Stars, is refunded by an owner, pays again, is charged back and subscribes, and
 * sees the ledger move.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../../local/platform/ports.ts';
import { launchChromium, skipWithoutChromium } from '../local/control-room/chromium.ts';
import { checkout, start } from './starting.ts';

test(
  'in the page a person tops up, is refunded, sees a debt repaid, and subscribes',
  { skip: skipWithoutChromium() },
  async (t) => {
    const cwd = await checkout(t);
    const started = start(t, cwd, ['--json', '--no-browser', '--port', String(await freePort())]);
    const { url } = await started.ready();
    const browser = await launchChromium();
    t.after(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
    page.setDefaultTimeout(60_000);
    await page.goto(url);
    const box = page.getByLabel('Message to the bot');
    const says = async (text: string, nth = 0) => {
      const found = page.locator('.message[data-from=bot]', { hasText: text }).nth(nth);
      await found.waitFor();
      return (await found.innerText()).trim();
    };
    const write = async (text: string) => {
      await box.fill(text);
      await box.press('Enter');
    };
    const pays = async (nth: number) => {
      await write('/topup');
      await page.getByRole('button', { name: '100 credits for 50' }).nth(nth).click();
      await page.getByRole('button', { name: 'Pay ⭐️ 50' }).nth(nth).click();
    };

    const ledger = page.getByRole('article', { name: 'Ledger' });
    const shows = (name: string, credits: string) =>
      ledger.locator(`dd[data-amount=${name}]`, { hasText: new RegExp(`^${credits}$`) }).waitFor();

    // Written before a worker was there, it is answered all the same.
    await pays(0);
    const receipt = /R-\d+/.exec(await says('100 credits for 50 Stars'))![0];
    await shows('available', '100');
    await ledger.getByRole('row', { name: /credit available \+100/ }).waitFor();
    // "You" is the owner of this stack.
    await write(`/refund ${receipt} a change of mind`);
    await says('50 Stars went back to you');
    await shows('available', '0');
    await ledger.getByRole('row', { name: /clawback available -100/ }).waitFor();
    await pays(1);
    await says('100 credits for 50 Stars', 1);
    await write('/adjust 1001 -80 spent');
    await says('has 20 credits now');
    await page.getByRole('button', { name: 'Charge back' }).last().click();
    await says('80 that were paid back to you had been spent');
    await shows('debt', '-80');
    await pays(2);
    await says('You have 20 credits.');
    await shows('debt', '0');
    assert.equal(await page.getByRole('button', { name: 'Charge back' }).count(), 3);

    await write('/subscribe');
    await page.getByRole('button', { name: '600 credits a month for 250' }).click();
    await page.getByRole('button', { name: 'Subscribe for 250' }).click();
    await says('Your subscription is paid until');
    await shows('available', '620');
    await page.getByRole('button', { name: 'A month passes' }).click();
    await says('You have 1,220 credits.');
    await shows('available', '1,220');
    await page.getByRole('button', { name: 'Cancel in Telegram' }).last().click();
    await says('You have cancelled your subscription');
    await write('/subscription');
    await says('monthly: cancelled');
    if (process.env['SCREENSHOT']) await page.screenshot({ path: process.env['SCREENSHOT'], fullPage: true });
  },
);
