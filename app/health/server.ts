/**
 * The HTTP server of a task and its health pages. `/live` never touches the database, so that an outage of the database
 * does not have every task killed. Details are for operators: without their token `/health` tells only its status.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Health, QueueHealth, RoleDetails } from '../../contract/health.ts';
import { HEALTH_PATH, LIVE_PATH, READY_PATH } from '../../contract/paths.ts';
import type { Posture } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import { describeError, type Logger } from '../log.ts';
import { QUEUES } from '../lanes/queues.ts';
import { probeDatabase } from './database.ts';
import { monitorEventLoop } from './event-loop.ts';
import { heapLimitOf } from './memory.ts';
import { registerGauges } from './metrics.ts';
import { oldestTransaction, readQueues, type QueueState } from './queues.ts';
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
  role: 'web' | 'worker';
  posture: Posture;
  pool: Pool;
  operatorToken: string | undefined;
  /** Name of the stack in the cloud, where the task's log carries its metrics. */
  stack: string | undefined;
  log: Logger;
  health: RoleHealth;
}

/** Oldest pending update beyond which a task reports itself degraded, s: the alarm's own threshold. */
const OLDEST_SECONDS = 60;

export function createHealthServer(options: HealthOptions): HealthServer {
  const { role, posture, pool, log, health } = options;
  const database = probeDatabase(pool);
  const eventLoop = monitorEventLoop();
  let leaving = false;

  const app = Fastify({
    logger: false,
    bodyLimit: role === 'web' ? posture.web.bodyLimit : 1024,
    keepAliveTimeout: posture.ingress.keepAlive,
    // A request whose sender goes silent is ended: the balancer's idle timeout, plus room for its answer.
    requestTimeout: posture.ingress.idleTimeout,
    forceCloseConnections: 'idle',
  });

  let vitals: ReturnType<typeof startVitals> | undefined;
  app.addHook('onListen', async () => {
    if (options.stack !== undefined) vitals = startVitals({ stack: options.stack, role, details: health.details, log });
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

  async function look() {
    const status = await database.status();
    const up = status.state === 'up';
    const [queues, oldest] = await Promise.all([
      up ? readQueues(pool, QUEUES).catch(() => undefined) : undefined,
      up ? oldestTransaction(pool).catch(() => undefined) : undefined,
    ]);
    const late = queues?.filter(({ oldestSeconds }) => oldestSeconds > OLDEST_SECONDS) ?? [];
    const reasons = [
      ...(status.state === 'down' ? [`database is away: ${status.error ?? 'unknown'}`] : []),
      ...late.map(({ queue, oldestSeconds }) => `${queue}: oldest update has waited ${Math.round(oldestSeconds)} s`),
      ...health.reasons(),
    ];
    const state = status.state === 'down' ? 'unhealthy' : reasons.length > 0 ? 'degraded' : 'healthy';
    return { state, status, queues, oldest, reasons } as const;
  }

  app.get(LIVE_PATH, async () => ({ live: true }));

  app.get(READY_PATH, async (_request, reply) => {
    const status = await database.status();
    const reason = leaving ? 'draining' : status.state === 'down' ? 'database is away' : health.notReady();
    return reply
      .code(reason === undefined ? 200 : 503)
      .send(reason === undefined ? { ready: true } : { ready: false, reason });
  });

  app.get(HEALTH_PATH, async (request, reply) => {
    const { state, status, queues, oldest, reasons } = await look();
    reply.code(state === 'unhealthy' ? 503 : 200);
    if (!isOperator(request)) return reply.send({ status: state });
    const memory = process.memoryUsage();
    return reply.send({
      status: state,
      role,
      pid: process.pid,
      uptimeSeconds: Math.round(process.uptime()),
      draining: leaving,
      reasons,
      eventLoop: eventLoop.read(),
      memory: { rss: memory.rss, heapUsed: memory.heapUsed, heapLimit: heapLimitOf() },
      pool: status.pool,
      ...(oldest === undefined ? {} : { database: { oldestTransactionSeconds: oldest } }),
      ...(queues ? { queues: byName(queues) } : {}),
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
  registerGauges(registry, { pool, health, queues: () => readQueues(pool, QUEUES) });
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
