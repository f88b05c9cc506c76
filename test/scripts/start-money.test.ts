/**
 * All of it, in the page: a person pays with Stars, is refunded by an owner, pays again, is charged back, pays by Crypto
 * Pay and by NOWPayments, and subscribes, and sees the ledger move.
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
      await page.getByRole('button', { name: '50 ⭐️', exact: true }).nth(nth).click();
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

    // By the other ways: in the chat, and at an address; one tells nobody of it.
    const crypto = page.getByRole('article', { name: 'Crypto' });
    const chooses = async (nth: number, way: string) => {
      await write('/topup');
      await page.getByRole('button', { name: '100 credits for 50' }).nth(nth).click();
      await page.getByRole('button', { name: way }).nth(nth).click();
    };
    await chooses(3, '$1.00 by @CryptoBot');
    await page.getByRole('button', { name: 'Pay $1.00' }).click();
    const paid = /R-\d+/.exec(await says('100 credits for 1.00 USDT ($1.00).'))![0];
    await shows('available', '120');
    await ledger.getByRole('row', { name: /credit cryptopay -100/ }).waitFor();
    await write(`/refund ${paid} a change of mind`);
    await says('1.00 USDT went back to you, and 100 credits were taken.');
    await shows('available', '20');
    await ledger.getByRole('row', { name: /clawback cryptopay \+100/ }).waitFor();
    await page.locator('[data-fault="nowPayments.oldSignature"]').click();
    await chooses(4, '$1.00 by NOWPayments');
    await says('Send 1.18 USDTTRC20');
    const bill = crypto.locator('[data-bill^=nowPayments]');
    await bill.last().getByRole('button', { name: 'Pay half' }).click();
    await says('50 credits for 0.59 USDTTRC20 ($0.50).');
    await shows('available', '70');
    await bill.last().getByRole('button', { name: 'Pay again' }).click();
    await says('100 credits for 1.18 USDTTRC20 ($1.00).');
    await shows('available', '170');
    await page.locator('[data-fault="nowPayments.loseCallbacks"]').click();
    await page.locator('[data-fault="nowPayments.loseCallbacks"][aria-pressed=true]').waitFor();
    await bill.first().getByRole('button', { name: 'Finish by hand' }).click();
    await says('100 credits for 0.59 USDTTRC20 ($1.00).');
    await shows('available', '220');
    if (process.env['SCREENSHOT']) await page.screenshot({ path: `${process.env['SCREENSHOT']}.crypto.png` });

    await write('/subscribe');
    await page.getByRole('button', { name: '600 credits a month for 250' }).click();
    await page.getByRole('button', { name: 'Subscribe for 250' }).click();
    await says('Your subscription is paid until');
    await shows('available', '820');
    await page.getByRole('button', { name: 'A month passes' }).click();
    await says('You have 1,420 credits.');
    await shows('available', '1,420');
    await page.getByRole('button', { name: 'Cancel in Telegram' }).last().click();
    await says('You have cancelled your subscription');
    await write('/subscription');
    await says('monthly: cancelled');
    if (process.env['SCREENSHOT']) await page.screenshot({ path: process.env['SCREENSHOT'], fullPage: true });
  },
);
