/** Opens the control room in a browser, beside stand-ins for what it looks at. */
import type { TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startControlRoom, type ControlRoomOptions } from '../../../local/control-room/server.ts';
import { resolve } from '../../../posture/resolve.ts';
import { fakePayer, fakePlatform, fakeProvider, fakeTelegram } from './fakes.ts';

export const WIDE = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };
/** As Crypto Pay gives it to who makes an invoice. */
export const BILL = 'https://t.me/CryptoBot?start=IV17';
export const ADDRESS = `T${'0a'.repeat(16)}`;
/** Evaluates to how far anything scrolls sideways, or the page at all, px. */
export const OVERFLOW = `Math.max(
  document.documentElement.scrollWidth - innerWidth,
  document.scrollingElement.scrollHeight - innerHeight,
  ...[...document.querySelectorAll('.pane, .conversation')].map((node) => node.scrollWidth - node.clientWidth),
)`;

export interface Opened {
  telegram: ReturnType<typeof fakeTelegram>;
  provider: ReturnType<typeof fakeProvider>;
  platform: ReturnType<typeof fakePlatform>;
  payers: Record<'cryptoPay' | 'nowPayments', ReturnType<typeof fakePayer>>;
  stop: () => Promise<void>;
  page: Page;
  /** Console errors, page errors and violations of the content security policy. */
  complaints: string[];
}

export async function openRoom(
  browser: Browser,
  t: TestContext,
  {
    viewport = WIDE,
    scheme = 'light',
    touch = false,
    ...changes
  }: Partial<ControlRoomOptions> & {
    viewport?: { width: number; height: number };
    scheme?: 'light' | 'dark';
    /** By fingers, as on a phone. */
    touch?: boolean;
  } = {},
): Promise<Opened> {
  const [telegram, provider, platform] = [fakeTelegram(), fakeProvider(), fakePlatform()];
  const payers = { cryptoPay: fakePayer(BILL), nowPayments: fakePayer(undefined, ADDRESS) };
  const world = { telegram, provider, platform, payers };
  const options = { port: 0, host: '127.0.0.1', ...world, posture: resolve({}), stack: 'local' };
  const room = await startControlRoom({ ...options, ...changes });
  const context = await browser.newContext({
    viewport,
    colorScheme: scheme,
    reducedMotion: 'reduce',
    ...(touch && { hasTouch: true, isMobile: true }),
  });
  const page = await context.newPage();
  t.after(async () => {
    await context.close();
    await room.stop();
    await telegram.stop();
  });
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.goto(room.url);
  await page.getByText('Even keel').waitFor();
  return { ...world, stop: () => room.stop(), page, complaints };
}
