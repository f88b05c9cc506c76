/**
 * `node scripts/pictures.ts`: takes the README's pictures anew, of a bot that runs and of a posture that is refused. Wants a
 * Chromium, at CHROMIUM_PATH or where Debian has it.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify, stripVTControlCharacters } from 'node:util';
import { chromium, type Browser, type Page } from 'playwright-core';

const ROOT = join(import.meta.dirname, '..');
const TO = join(ROOT, 'docs/pictures');
/** Of a picture, bytes: what a page of a repository may cost to look at. */
const LARGEST = 200_000;
const SIZE = { width: 1440, height: 900 };
const TERMINAL =
  'margin:0;padding:24px;display:inline-block;max-width:912px;background:#121d24;color:#e6eef2;font:14px/1.5 monospace;white-space:pre-wrap';
const REFUSED = ['prod', '--set', 'worker.pool=40', '--brief'];

/** As WebP, which Playwright itself does not write: a third of a PNG. */
async function save(
  page: Page,
  name: string,
  box: { x: number; y: number; width: number; height: number },
): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const clip = { ...box, scale: 1 };
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 85, clip });
  const bytes = Buffer.from(data, 'base64');
  await writeFile(join(TO, name), bytes);
  console.log(`docs/pictures/${name}: ${Math.round(bytes.length / 1000)} kB`);
  if (bytes.length <= LARGEST) return;
  console.error(`docs/pictures/${name} is larger than ${LARGEST / 1000} kB`);
  process.exitCode = 1;
}

async function ofRoom(browser: Browser): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/start.ts'), '--json', '--no-browser', '--port', '0'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((end) => child.on('exit', end));
  try {
    const url = await new Promise<string>((ready, fail) => {
      void ended.then(() => fail(new Error('npm start has ended')));
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes('"ready":true')) ready((JSON.parse(line) as { url: string }).url);
      });
    });
    const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light' });
    await page.goto(url);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.getByLabel('Message to the bot').fill('Show me the code of a keel');
    await page.keyboard.press('Enter');
    await page.locator('.message[data-from=bot] pre').waitFor();
    await page.getByRole('button', { name: /^Kill worker-1/ }).click();
    await page.locator('[data-promise=takeover]').getByText('kept').waitFor({ timeout: 60_000 });
    await page.evaluate(`document.getElementById('posture').scrollTo(0, 0)`);
    await save(page, 'control-room.webp', { x: 0, y: 0, ...SIZE });
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

async function ofRefusal(browser: Browser): Promise<void> {
  const said = await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/posture.ts'), ...REFUSED], {
    cwd: ROOT,
  }).catch((error: { stdout: string; stderr: string }) => error);
  const words = stripVTControlCharacters(said.stdout + said.stderr).trim();
  const page = await browser.newPage({ viewport: { width: 960, height: 600 } });
  await page.setContent(`<body style="margin:0"><pre style="${TERMINAL}"></pre>`);
  const pre = page.locator('pre');
  await pre.evaluate(
    (node, text) => void ((node as { textContent: string | null }).textContent = text),
    `$ npm run posture -- ${REFUSED.join(' ')}\n\n${words}`,
  );
  await save(page, 'refusal.webp', (await pre.boundingBox())!);
}

await mkdir(TO, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  await ofRefusal(browser);
  await ofRoom(browser);
} finally {
  await browser.close();
}
