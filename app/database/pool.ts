/** The one connection budget of a process: a pool whose size and timeouts are the posture's, and a listener beside it. */
import pg from 'pg';
import type { Role } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { describeError, type Logger } from '../log.ts';

export type Pool = pg.Pool;
export type PoolClient = pg.PoolClient;

function exactNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond 2^53: read it with the types \`bigints\``);
  return value;
}

const INT8: number = pg.types.builtins.INT8;

const reading = (parse: (text: string) => unknown): pg.CustomTypesConfig => ({
  getTypeParser: (oid: number, format) =>
    oid === INT8 ? parse : (pg.types.getTypeParser(oid, format) as typeof parse),
});

/** int8 as a number, and never rounded: Telegram's ids are below 2^53, and counts are small. Of every pooled connection. */
export const numbers = reading(exactNumber);

/** int8 as a BigInt, for a statement that reads amounts: `query({ text, values, types: bigints })`. */
export const bigints = reading(BigInt);

interface PoolOptions {
  url: string;
  posture: Posture;
  role: Role;
  log: Logger;
  /** Connections at most; default: the role's `pool`. */
  max?: number;
  /** Whose the messages are that are written (evenkeel.outbox): not another bot's, whose token was here before or comes later. */
  botId?: number;
  /** Name of the server that no other has (DATABASE_SERVER): what is restored elsewhere has another one. Default: nobody says. */
  server?: string | undefined;
}

/** What the server ends for a session that asks it to at its start, ms. */
export const sessionTimeouts = ({ database: { timeouts } }: Posture) => ({
  statement_timeout: timeouts.statement,
  lock_timeout: timeouts.lock,
  idle_in_transaction_session_timeout: timeouts.idleInTransaction,
});

/** Session settings of every application connection, listener included; times in ms. */
export function sessionSettings({
  url,
  posture,
  role,
  botId,
  server,
}: Pick<PoolOptions, 'url' | 'posture' | 'role' | 'botId' | 'server'>): pg.ClientConfig {
  const { timeouts, keepalive } = posture.database;
  return {
    connectionString: url,
    application_name: `evenkeel-${role}`,
    ...sessionTimeouts(posture),
    query_timeout: timeouts.query,
    keepAlive: true,
    // Statements of one client are sent without waiting for the answer of the one before, where the caller does not.
    pipeline: true,
    // Every query of the app has its index. The planner must not prefer a scan because a table was small when it was
    // last analysed: right after a burst, that is how a queue comes to a standstill.
    options: [
      '-c enable_seqscan=off -c plan_cache_mode=force_generic_plan',
      ...(botId === undefined ? [] : [`-c evenkeel.bot_id=${botId}`]),
      ...(server === undefined ? [] : [`-c evenkeel.server=${server}`]),
    ].join(' '),
    keepAliveInitialDelayMillis: keepalive.idle,
    // Of one session. Waiting for a place in the pool has its own limit, which the pool would otherwise use here too.
    connectionTimeoutMillis: timeouts.connect,
    types: numbers,
  };
}

/**
 * A pool of the role's size. Waiting for a connection, connecting included, ends after `timeouts.acquire`, connecting
 * alone after `timeouts.connect` (fault pool-exhaustion). An idle client that loses its server is logged and replaced,
 * never thrown (fault db-drop).
 */
export function createPool(options: PoolOptions): Pool {
  const { posture, role, log } = options;
  const { timeouts } = posture.database;
  const session = sessionSettings(options);
  const pool = new pg.Pool({
    ...session,
    Client: class extends pg.Client {
      constructor() {
        super(session);
      }
    },
    max: options.max ?? posture[role].pool,
    connectionTimeoutMillis: timeouts.acquire,
    // Jittered by 10 %, so that tasks started together do not reconnect together.
    maxLifetimeSeconds: Math.round((timeouts.maxLifetime / 1000) * (0.9 + Math.random() * 0.2)),
    idleTimeoutMillis: 60_000,
  });
  // A client tells of its lost connection by an event as well as by the query that fails. Out of the pool, the event is
  // heard by nobody, and would end the process (fault db-drop). Listened to from the start: the server's last word may
  // come in one packet with the answer to the query before, while the client passes from one user to the next.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', (error) => log.warn({ error: describeError(error) }, 'an idle database connection was lost'));
  return pool;
}

export const poolCounts = (pool: Pool) => ({
  max: pool.options.max,
  total: pool.totalCount,
  idle: pool.idleCount,
  waiting: pool.waitingCount,
});
