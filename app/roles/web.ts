/** The web role: takes updates from Telegram and answers each after its commit. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BESIDE_POOL } from '../../posture/limits.ts';
import { botIdOf, type Config } from '../config.ts';
import { untilDirect } from '../database/direct.ts';
import { createPool } from '../database/pool.ts';
import { receiversOf } from '../features/receivers.ts';
import { startFlags } from '../flags/index.ts';
import { createHealthServer } from '../health/server.ts';
import { registerCallbacks, type CallbackCounters, registerRendered } from '../intake/callbacks/index.ts';
import { registerFiles } from '../intake/files.ts';
import { createIntake } from '../intake/intake.ts';
import { registerWebhook } from '../intake/webhook.ts';
import type { Logger } from '../log.ts';
import { openObjectStore } from '../providers/objects.ts';
import type { Task } from './task.ts';

/** Without a request for so long, a leaving task takes it that the load balancer sends no more, ms. */
const QUIET = 500;
/** What is still open so long before the end of the drain is cut off, ms. */
const CUT_BEFORE = 500;

export async function startWeb({ posture, env }: Config<'web'>, log: Logger): Promise<Task> {
  const botId = botIdOf(env.BOT_TOKEN);
  const pool = createPool({ url: env.DATABASE_URL, posture, role: 'web', log });
  const lookThrough = createPool({ url: env.DATABASE_URL, posture, role: 'web', log, max: BESIDE_POOL.web.health });
  const flags = startFlags({ posture, db: () => lookThrough, log });
  const intake = createIntake(pool, botId, posture, log);
  let lastRequest = 0;
  let callbacks: () => Record<string, CallbackCounters> = () => ({});

  const server = createHealthServer({
    role: 'web',
    botId,
    posture,
    pool,
    lookThrough,
    operatorToken: env.OPERATOR_TOKEN,
    stack: env.STACK,
    log,
    health: {
      details: () => ({
        flags: flags.state(),
        intake: { ...intake.counters, maxInFlight: posture.web.maxInFlight, lastRequestAt: lastRequest },
        callbacks: callbacks(),
      }),
      reasons: () => [],
      notReady: () => undefined,
    },
  });
  registerWebhook(server.app, {
    intake,
    botId,
    secrets: [env.WEBHOOK_SECRET, ...(env.WEBHOOK_SECRET_PREVIOUS ? [env.WEBHOOK_SECRET_PREVIOUS] : [])],
    posture,
    alive: () => {
      lastRequest = Date.now();
    },
    draining: server.draining,
  });
  const rendered = registerRendered(server.app, {
    intake,
    botId,
    botToken: env.BOT_TOKEN,
    posture,
    draining: server.draining,
  });
  const set = (...secrets: (string | undefined)[]) => secrets.filter((secret) => secret !== undefined);
  const ofPayments = registerCallbacks(server.app, {
    receivers: receiversOf({
      cryptoPay: set(env.CRYPTO_PAY_TOKEN, env.CRYPTO_PAY_TOKEN_PREVIOUS),
      nowPayments: set(env.NOWPAYMENTS_IPN_SECRET, env.NOWPAYMENTS_IPN_SECRET_PREVIOUS),
    }),
    intake,
    botId,
    posture,
    log,
    draining: server.draining,
  });
  callbacks = () => ({ ...ofPayments(), novita: rendered() });
  const { OBJECT_STORE_BUCKET: bucket, OBJECT_STORE_REGION: region, OBJECT_STORE_ENDPOINT: endpoint } = env;
  const store = bucket === undefined ? undefined : await openObjectStore({ bucket, region, endpoint });
  if (store) registerFiles(server.app, { botId, pool, store, log, draining: server.draining });
  // Listening comes first: the task is live at once, and ready when its database is (fault slow-start).
  await server.app.listen({ port: env.PORT, host: env.HOST });
  const ending = new AbortController();
  const failed = untilDirect(pool, posture, log, ending.signal);
  const looked = failed.catch(() => undefined);

  async function drain(): Promise<void> {
    ending.abort();
    server.leave();
    // Whatever was let in has its answer by the ack deadline; a sender that went silent in mid-body never gets one.
    setTimeout(() => server.app.server.closeAllConnections(), posture.web.drain - CUT_BEFORE).unref();
    const until = Date.now() + posture.web.drain - posture.telegram.ackDeadline;
    // The balancer has stopped sending before SIGTERM where it deregisters first; where it has not, wait until it does.
    const underWay = () =>
      Object.values(ofPayments()).reduce((sum, { inFlight }) => sum + inFlight, intake.counters.inFlight);
    while (Date.now() < until && (underWay() > 0 || Date.now() - lastRequest < QUIET)) await sleep(50);
    await server.close();
    await intake.idle();
    await looked;
    await flags.stop();
    store?.close();
    await Promise.all([pool.end(), lookThrough.end()]);
  }

  return { address: server.app.server.address(), drain, drainWithin: posture.web.drain, failed };
}
