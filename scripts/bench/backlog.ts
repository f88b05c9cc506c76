/** Part 3: a backlog that was stored while no worker ran, right after it was loaded, so that no statistics are fresh. */
import pg from 'pg';
import { storeUpdates } from '../../app/intake/store.ts';
import { parseUpdate } from '../../app/intake/update.ts';
import { announceLanes } from '../../app/lanes/announce.ts';
import { message } from './load.ts';
import { against, type Row } from './report.ts';
import { query, type Stage } from './stage.ts';
import { startWorker, withWorld } from './subjects.ts';

const FIRST_CHAT = 1_000_001;
const STORED_AT_ONCE = 500;
/** ms */
const POLL = 200;
/** s */
const DRAINED_WITHIN = 300;

export async function benchBacklog(
  stage: Stage,
  updates: number,
  chats: number,
  say: (text: string) => void,
): Promise<Row[]> {
  return withWorld(async (world) => {
    const database = await stage.database(true);
    await storeBacklog(database, Number(world.botToken.split(':')[0]), updates, chats);
    // Telegram knows only chats in which somebody has written.
    for (let chat = 0; chat < chats; chat++) await world.telegram.open(FIRST_CHAT + chat);
    const worker = await startWorker(stage, world, database);
    try {
      const started = performance.now();
      let first: number | undefined;
      let count = 0;
      while (count < updates) {
        await new Promise((resolve) => setTimeout(resolve, POLL));
        count = await doneIn(database);
        const seconds = (performance.now() - started) / 1000;
        if (first === undefined && seconds >= 5) first = count / seconds;
        if (seconds > DRAINED_WITHIN)
          throw new Error(`the backlog was not drained within ${DRAINED_WITHIN} s: ${count} of ${updates}`);
      }
      const rate = (updates / (performance.now() - started)) * 1000;
      say(`backlog: ${Math.round(rate)}/s`);
      const name = `backlog of ${updates.toLocaleString('en')}`;
      return [
        against({ name: `${name}: first 5 s`, value: first ?? rate, unit: '/s' }, '≥', 5000),
        against({ name: `${name}: whole`, value: rate, unit: '/s' }, '≥', 7500),
      ];
    } finally {
      await worker.stop();
    }
  });
}

async function doneIn(database: string): Promise<number> {
  const [row] = await query<{ count: number }>(
    database,
    `SELECT count(*)::int AS count FROM evenkeel.inbox WHERE state = 'done'`,
  );
  return row!.count;
}

/** Stores it as web tasks do. */
async function storeBacklog(database: string, botId: number, count: number, chats: number): Promise<void> {
  const pool = new pg.Pool({ connectionString: database, max: 1 });
  try {
    for (let next = 1; next <= count; next += STORED_AT_ONCE) {
      const ids = Array.from({ length: Math.min(STORED_AT_ONCE, count - next + 1) }, (_, index) => next + index);
      const bodies = ids.map((id) => message(id, FIRST_CHAT + (id % chats), `waiting ${id}`));
      const updates = bodies.map((body) => parseUpdate(body, botId)!);
      await announceLanes(pool, botId, await storeUpdates(pool, botId, updates));
    }
  } finally {
    await pool.end();
  }
}
