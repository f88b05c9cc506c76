/** `--keep`: what the simulated Telegram knows, in a file beside the database, for the next start. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SimulatedTelegram } from '../../local/contract/index.ts';
import { startTelegram } from '../../local/world/telegram/index.ts';
import { InTheWay } from './options.ts';

/** Between two looks at what has changed, ms: so much a SIGKILL of all of it takes back. */
const LOOK_MS = 500;

async function read(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

export interface Kept {
  telegram: SimulatedTelegram;
  /** Writes down what it knows from now until it is stopped. To be called by who has the directory to themselves. */
  keep(): Promise<void>;
}

/**
 * Goes on where the Telegram of the file stopped.
 * @throws {InTheWay} where the file cannot be read
 */
export async function keptTelegram(file: string): Promise<Kept> {
  let telegram: SimulatedTelegram;
  try {
    const state = await read(file);
    telegram = await startTelegram(state === undefined ? {} : { state });
  } catch (error) {
    const why = (error as Error).message.split('\n')[0];
    throw new InTheWay(`${file}: ${why}; remove it, and the chats begin anew`, { cause: error });
  }
  let written: string | undefined;
  async function write(): Promise<void> {
    const text = JSON.stringify(telegram.state());
    if (text === written) return;
    // Whole or not at all, whatever ends us in between.
    await writeFile(`${file}.new`, text, { mode: 0o600 });
    await rename(`${file}.new`, file);
    written = text;
  }
  const ended = new AbortController();
  let writing: Promise<void> | undefined;
  async function follow(): Promise<void> {
    while (!ended.signal.aborted) {
      await sleep(LOOK_MS, undefined, { signal: ended.signal, ref: false }).catch(() => undefined);
      // A full disk loses the chats of the next start, and nothing of this one.
      await write().catch(() => undefined);
    }
  }
  const stop = telegram.stop.bind(telegram);
  telegram.stop = async () => {
    ended.abort();
    await writing;
    await stop();
  };
  return {
    telegram,
    async keep() {
      await write();
      writing = follow();
    },
  };
}
