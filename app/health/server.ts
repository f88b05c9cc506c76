/**
 * The HTTP server of a task and its health pages. `/live` never touches the database, so that an outage of the database
 * does not have every task killed. Details are for operators: without their token `/health` tells only its status.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Health, QueueHealth, RoleDetails, Status } from '../../contract/health.ts';
import { HEALTH_PATH, LIVE_PATH, READY_PATH } from '../../contract/paths.ts';
import type { Role } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { poolCounts, type Pool } from '../database/pool.ts';
import { describeError, type Logger } from '../log.ts';
import { probeDatabase } from './database.ts';
import { monitorEventLoop } from './event-loop.ts';
import { createLooks } from './look.ts';
import { heapLimitOf } from './memory.ts';
import { registerGauges } from './metrics.ts';
import type { QueueState } from './queues.ts';
import { startVitals } from './vitals.ts';

/** What a role adds to its health: gauges for the page, and reasons why it is not well. */
export interface RoleHealth {
  details: () => RoleDetails;
  /** One line each; makes the task degraded. */
  reasons(): string[];
  /** One line why the task is not ready, or undefined. */
  notReady(): string | undefined;
}

export interface HealthServer {
  app: FastifyInstance;
  /** From now on `/ready` says no: the load balancer sends nothing new. */
  leave(): void;
  draining: () => boolean;
  close(): Promise<void>;
}

interface HealthOptions {
  role: Role;
  /** Whose schedules are looked at. */
  botId: number;
  posture: Posture;
  /** What the role works with. */
  pool: Pool;
  /** The pool that looks at the database are taken through: where strangers may ask, not the one that the work needs. */
  lookThrough: Pool;
  operatorToken: string | undefined;
  /** Name of the stack in the cloud, where the task's log carries its metrics. */
  stack: string | undefined;
  log: Logger;
  health: RoleHealth;
}

/** Who has no operator token is told what a look found at most this part of a sentinel's period ago. */
const STRANGERS = 4;
/** How often Node looks for requests whose time is over, ms. */
const CUT_EVERY = 500;

export function createHealthServer(options: HealthOptions): HealthServer {
  const { role, posture, pool, log, health } = options;
  const database = probeDatabase(pool);
  const looks = createLooks(options.lookThrough, posture, options.botId);
  const eventLoop = monitorEventLoop();
  let leaving = false;

  const app = Fastify({
    logger: false,
    bodyLimit: role === 'web' ? posture.web.bodyLimit : 1024,
    keepAliveTimeout: posture.ingress.keepAlive,
    // A body that trickles in would hold a place of its own for as long as it likes: whole within the ack deadline, or 408.
    requestTimeout: posture.telegram.ackDeadline,
    // Node heeds the request's time only where that of its headers is no longer.
    http: { headersTimeout: posture.telegram.ackDeadline, connectionsCheckingInterval: CUT_EVERY },
    forceCloseConnections: 'idle',
  });

  let vitals: ReturnType<typeof startVitals> | undefined;
  app.addHook('onListen', async () => {
    if (options.stack !== undefined)
      vitals = startVitals({ stack: options.stack, role, posture, details: health.details, log });
  });

  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ error: describeError(error) }, 'a request failed');
    return reply.code(status).send({ error: status >= 500 ? 'internal error' : error.message });
  });

  const wanted = options.operatorToken === undefined ? undefined : sha256(`Bearer ${options.operatorToken}`);
  const isOperator = (request: FastifyRequest): boolean =>
    wanted !== undefined && timingSafeEqual(sha256(request.headers.authorization ?? ''), wanted);
  const forOperators = async (request: FastifyRequest, reply: FastifyReply) =>
    isOperator(request)
      ? undefined
      : reply.code(401).send({ error: 'send the operator token: Authorization: Bearer …' });

  /** What this task says of itself: what the last look at the database found, and what its role knows without one. */
  async function report(maxAge: number) {
    const look = await looks.recent(maxAge);
    const reasons = [
      ...(look.down ? [`${look.down.what}: ${look.down.error}`] : []),
      ...look.reasons,
      ...health.reasons(),
    ];
    const status: Status = look.down ? 'unhealthy' : reasons.length > 0 ? 'degraded' : 'healthy';
    return { status, reasons, look };
  }

  app.get(LIVE_PATH, async () => ({ live: true }));

  app.get(READY_PATH, async (_request, reply) => {
    const reason = leaving ? 'draining' : ((await database.status()).why ?? health.notReady());
    return reply
      .code(reason === undefined ? 200 : 503)
      .send(reason === undefined ? { ready: true } : { ready: false, reason });
  });

  app.get(HEALTH_PATH, async (request, reply) => {
    const operator = isOperator(request);
    // Anybody may ask, as often as they like: for them the database is looked at so rarely that it costs nothing.
    const { status, reasons, look } = await report(operator ? 0 : posture.sentinel.every / STRANGERS);
    reply.code(status === 'unhealthy' ? 503 : 200);
    if (!operator) return reply.send({ status });
    const memory = process.memoryUsage();
    return reply.send({
      status,
      role,
      pid: process.pid,
      uptimeSeconds: Math.round(process.uptime()),
      draining: leaving,
      reasons,
      eventLoop: eventLoop.read(),
      memory: { rss: memory.rss, heapUsed: memory.heapUsed, heapLimit: heapLimitOf() },
      pool: poolCounts(pool),
      ...(look.oldestTransaction === undefined
        ? {}
        : { database: { oldestTransactionSeconds: look.oldestTransaction } }),
      ...(look.queues ? { queues: byName(look.queues) } : {}),
      ...(look.work ? { work: look.work } : {}),
      ...(look.held ? { held: look.held } : {}),
      ...health.details(),
    } satisfies Health);
  });

  app.get('/db-status', { onRequest: forOperators }, async (_request, reply) => {
    const status = await database.status();
    return reply.code(status.state === 'up' ? 200 : 503).send(status);
  });
  app.get('/db-stability', { onRequest: forOperators }, async () => database.stability());

  const registry = new Registry();
  registry.setDefaultLabels({ role });
  collectDefaultMetrics({ register: registry });
  registerGauges(registry, { pool, health, look: () => looks.recent(0) });
  app.get('/metrics', { onRequest: forOperators }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );

  return {
    app,
    leave: () => {
      leaving = true;
    },
    draining: () => leaving,
    close: async () => {
      eventLoop.stop();
      await vitals?.stop();
      await app.close();
    },
  };
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

const byName = (queues: QueueState[]): Record<string, QueueHealth> =>
  Object.fromEntries(queues.map(({ queue, ...state }) => [queue, state]));
