/** Finds a Chromium to look at the page with. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Quiet, and without a word to anybody but us. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** CHROMIUM_PATH, /usr/bin/chromium, or the first of the usual names in PATH; undefined where there is none. */
export function findChromium(): string | undefined {
  const inPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = [
    process.env['CHROMIUM_PATH'],
    '/usr/bin/chromium',
    ...NAMES.flatMap((name) => inPath.map((folder) => join(folder, name))),
  ];
  return candidates.find((path): path is string => path !== undefined && runnable(path));
}

/** Why browser tests are skipped, or false. In CI they are not: there a missing browser is a failure. */
export function skipWithoutChromium(): string | false {
  if (findChromium() !== undefined || process.env['CI'] === 'true') return false;
  return 'no Chromium found: install one or set CHROMIUM_PATH';
}

export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('no Chromium found: install one or set CHROMIUM_PATH');
  return chromium.launch({ executablePath, args: ARGS });
}
