/** Part: what waits in the outbox, sent by one worker with the rates raised. */
import { setTimeout as sleep } from 'node:timers/promises';
import { withTx } from '../../app/database/tx.ts';
import { say as write } from '../../app/outbox/index.ts';
import { openPool } from './pool.ts';
import { against, type Row } from './report.ts';
import { query, type Stage } from './stage.ts';
import { startWorker, withWorld } from './subjects.ts';

const FIRST_CHAT = 2_000_001;
const CHATS = 500;
const AT_ONCE = 200;
const SENT_WITHIN = 300_000;

export async function benchOutbox(stage: Stage, messages: number, say: (text: string) => void): Promise<Row[]> {
  return withWorld(async (world) => {
    const database = await stage.database(true);
    const botId = Number(world.botToken.split(':')[0]);
    for (let chat = 0; chat < CHATS; chat += 1) await world.telegram.open(FIRST_CHAT + chat);
    const pool = openPool(database, stage.posture, { max: 2, botId });
    for (let n = 0; n < messages; n += AT_ONCE)
      await withTx(pool, async (tx) => {
        for (let m = n; m < Math.min(n + AT_ONCE, messages); m += 1)
          await write(tx, {
            cause: `bench:${m}`,
            class: 'notice',
            chat: FIRST_CHAT + (m % CHATS),
            method: 'sendMessage',
            payload: { text: `message ${m}` },
          });
      }).catch(async (error: unknown) => {
        await pool.end();
        throw error;
      });
    await pool.end();
    const before = await world.telegram.stats();
    const began = performance.now();
    const worker = await startWorker(stage, world, database);
    try {
      // From the first send on: the start of the worker is measured elsewhere.
      const first = await sentAt(world, before.sent, 1, began);
      const last = await sentAt(world, before.sent, messages, began);
      const rate = ((messages - 1) / (last - first)) * 1000;
      say(`outbox: ${Math.round(rate)}/s`);
      await sleep(500);
      const [left] = await query<{ count: number }>(
        database,
        `SELECT count(*)::int AS count FROM evenkeel.outbox WHERE state <> 'sent' OR attempts <> 1`,
      );
      return [
        against({ name: 'outbox: sends', value: rate, unit: '/s' }, '≥', 300),
        against({ name: 'outbox: not sent, or more than once', value: left!.count, unit: 'count' }, '≤', 0),
      ];
    } finally {
      await worker.stop();
    }
  });
}

async function sentAt(
  world: { telegram: { stats(): Promise<{ sent: number }> } },
  before: number,
  count: number,
  began: number,
): Promise<number> {
  for (;;) {
    const { sent } = await world.telegram.stats();
    const now = performance.now();
    if (sent - before >= count) return now;
    if (now - began > SENT_WITHIN)
      throw new Error(`only ${sent - before} of ${count} messages were sent within ${SENT_WITHIN / 1000} s`);
    await sleep(20);
  }
}
