/** The sender of a worker inside the test process, on a real database and the simulated Telegram. */
import type { Pool } from '../../app/database/pool.ts';
import { withTx } from '../../app/database/tx.ts';
import { startBlocked, type Blocked } from '../../app/outbox/blocked.ts';
import { say, startOutbox, type Message, type Outbox } from '../../app/outbox/index.ts';
import { createLimiter } from '../../app/providers/limiter/index.ts';
import { createLeaseStore } from '../../app/providers/limiter/lease.ts';
import { createTelegramClient } from '../../app/providers/telegram.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { cleanup, type Owner } from './cleanup.ts';
import type { TestDatabase } from './database.ts';
import { workerPool } from './lanes.ts';
import { captureLog, type CapturedLog } from './logs.ts';
import type { World } from './world.ts';

export interface TestOutbox {
  outbox: Outbox;
  blocked: Blocked;
  pool: Pool;
  logs: CapturedLog;
}

export function startTestOutbox(
  owner: Owner,
  { world, database, posture = world.posture }: { world: World; database: TestDatabase; posture?: Posture },
): TestOutbox {
  const undo = cleanup(owner);
  const logs = captureLog();
  const pool = workerPool({ after: undo }, database, posture);
  const { botToken, apiRoot } = world.telegram;
  const limiter = createLimiter(posture, createLeaseStore(pool, world.botId), logs.log);
  const telegram = createTelegramClient(posture, { apiRoot, botToken }, logs.log, limiter);
  undo(() => telegram.close());
  const blocked = startBlocked(pool, world.botId, logs.log);
  undo(() => blocked.stop());
  const { botId } = world;
  const outbox = startOutbox({ pool, telegram, botToken, apiRoot, botId, posture, blocked, log: logs.log });
  undo(() => outbox.stop(0));
  return { outbox, blocked, pool, logs };
}

/** A text of one's choice, as a `notice` where nothing else is said. */
export const text = (cause: string, chat: number, said: string, more: Partial<Message<'sendMessage'>> = {}) => ({
  cause,
  class: 'notice' as const,
  chat,
  method: 'sendMessage' as const,
  payload: { text: said },
  ...more,
});

export const sayAll = (pool: Pool, ...messages: Message<'sendMessage'>[]): Promise<boolean[]> =>
  withTx(pool, async (tx) => {
    const written: boolean[] = [];
    for (const message of messages) written.push(await say(tx, message));
    return written;
  });

export interface OutboxRow {
  cause: string;
  state: string;
  attempts: number;
  code: number | null;
}

export const outboxRows = (database: TestDatabase): Promise<OutboxRow[]> =>
  database.sql<OutboxRow & Record<string, unknown>>(
    'SELECT cause, state, attempts::int, error_code::int AS code FROM evenkeel.outbox ORDER BY id',
  );
