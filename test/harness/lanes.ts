/** The worker's engine inside the test process, on a real database, with the handler that the test gives. */
import { createPool, type Pool } from '../../app/database/pool.ts';
import { startListener } from '../../app/database/listener.ts';
import { storeUpdates } from '../../app/intake/store.ts';
import { parseUpdate } from '../../app/intake/update.ts';
import { announceLanes, READY_CHANNEL } from '../../app/lanes/announce.ts';
import { startEngine, type Engine } from '../../app/lanes/engine.ts';
import type { Turn } from '../../app/lanes/update.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { cleanup, type Owner } from './cleanup.ts';
import type { TestDatabase } from './database.ts';
import { captureLog, type CapturedLog } from './logs.ts';
import { waitFor } from './wait.ts';

export const BOT_ID = 42;

export interface Lanes {
  engine: Engine;
  pool: Pool;
  logs: CapturedLog;
}

export interface LanesOptions {
  database: TestDatabase;
  posture: Posture;
  /** What is done with each update; it is given the engine's own pool. */
  handle: (turn: Turn, pool: Pool) => Promise<void>;
  botId?: number;
  logs?: CapturedLog;
}

/** A pool of the worker role that ends with the test. */
/** @param botId whose sessions say that they are this bot's; default: they do not say */
export function workerPool(owner: Owner, database: TestDatabase, posture: Posture, botId?: number): Pool {
  const whose = botId === undefined ? {} : { botId };
  const pool = createPool({ url: database.url('worker'), posture, role: 'worker', log: captureLog().log, ...whose });
  cleanup(owner)(() => pool.end());
  return pool;
}

export async function startLanes(
  owner: Owner,
  { database, posture, handle, botId = BOT_ID, logs = captureLog() }: LanesOptions,
): Promise<Lanes> {
  const undo = cleanup(owner);
  const pool = createPool({ url: database.url('worker'), posture, role: 'worker', log: logs.log });
  undo(() => pool.end());
  // oxlint-disable-next-line prefer-const -- the listener hears of lanes before there is an engine
  let engine: Engine | undefined;
  const listener = startListener({
    role: 'worker',
    url: database.url('worker'),
    posture,
    channels: [READY_CHANNEL],
    log: logs.log,
    onNotify: () => engine?.wake(),
  });
  undo(() => listener.stop());
  engine = startEngine({
    pool,
    connection: () => listener.connection(),
    botId,
    posture,
    handle: (turn) => handle(turn, pool),
    log: logs.log,
  });
  const started = engine;
  undo(() => started.drain(1000));
  return { engine: started, pool, logs };
}

/** Stores updates as the web role would. */
export async function store(pool: Pool, updates: readonly object[], botId = BOT_ID): Promise<void> {
  const parsed = updates.map((update) => parseUpdate(JSON.stringify(update), botId)!);
  await announceLanes(pool, botId, await storeUpdates(pool, botId, parsed));
}

export interface InboxRow {
  updateId: number;
  state: 'pending' | 'done' | 'parked';
  attempts: number;
  takeovers: number;
  error: string | null;
}

export const inbox = (database: TestDatabase): Promise<InboxRow[]> =>
  database.sql<InboxRow & Record<string, unknown>>(
    `SELECT update_id::float8 AS "updateId", state, attempts::int, takeovers::int, last_error AS error
     FROM evenkeel.inbox ORDER BY update_id`,
  );

/** Waits until nothing is pending and no lane is left. */
export async function settled(database: TestDatabase, within = 60_000): Promise<InboxRow[]> {
  await waitFor(
    async () => {
      const [row] = await database.sql<{ left: number }>(
        `SELECT ((SELECT count(*) FROM evenkeel.inbox WHERE state = 'pending') + (SELECT count(*) FROM evenkeel.lane))::int AS left`,
      );
      return row!.left === 0;
    },
    { within, what: 'every update to be settled and every lane to be gone' },
  );
  return inbox(database);
}
