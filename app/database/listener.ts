/** The one connection outside the pool: LISTEN for what other tasks have committed. */
import pg from 'pg';
import type { JobRole } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { describeError, type Logger } from '../log.ts';
import { startLoop, type Loop } from '../loop.ts';
import { sessionSettings } from './pool.ts';

interface ListenOptions {
  url: string;
  role: JobRole;
  posture: Posture;
  channels: string[];
  log: Logger;
  /** As the pool is told it. */
  server?: string | undefined;
  /** Called for each notification, and with every channel once after each (re)connect, as some may have been missed. */
  onNotify: (channel: string) => void;
}

export interface Listener {
  connected(): boolean;
  /** The connection itself, where it is up: for a statement that must not wait behind those of the pool. */
  connection(): pg.Client | undefined;
  stop(): Promise<void>;
}

/** How often a quiet connection is asked whether it still lives: a dead one would only cost latency, polls go on. */
const PROBE = 10_000;
/** Longest pause between two tries to connect, ms. */
const RECONNECT = 1_000;

export function startListener({ url, role, posture, channels, log, server, onNotify }: ListenOptions): Listener {
  let client: pg.Client | undefined;
  const settings = sessionSettings({ url, posture, role, server });

  async function connect(): Promise<pg.Client> {
    const next = new pg.Client(settings);
    const lost = () => {
      if (client === next) client = undefined;
      loop.wake();
    };
    next.on('error', (error) => {
      log.warn({ error: describeError(error) }, 'the listener lost its database connection');
      lost();
    });
    next.on('end', lost);
    next.on('notification', ({ channel }) => onNotify(channel));
    try {
      await next.connect();
      for (const channel of channels) await next.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      // A client that never connected has no session to end; end() still frees its socket.
      await next.end().catch(() => undefined);
      throw error;
    }
    return next;
  }

  const loop: Loop = startLoop({
    name: 'listener',
    every: PROBE,
    // The lease is renewed over it: it is wanted back soon.
    backoff: RECONNECT,
    log,
    turn: async () => {
      if (client) {
        const probed = client;
        await probed.query('SELECT 1').catch(async (error: unknown) => {
          client = undefined;
          await probed.end().catch(() => undefined);
          throw error;
        });
        return;
      }
      client = await connect();
      for (const channel of channels) onNotify(channel);
    },
  });

  return {
    connected: () => client !== undefined,
    connection: () => client,
    stop: async () => {
      await loop.stop();
      const last = client;
      client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}
