/** What a soak runs on: the simulated Telegram in this process, and the whole bot in its own, as `npm start` has it. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from 'grammy';
import { createPool, type Pool } from '../../app/database/pool.ts';
import { createLogger } from '../../app/log.ts';
import type { SimulatedAccess, SimulatedNovita, SimulatedTelegram } from '../../local/contract/index.ts';
import { startPlatform, type Platform } from '../../local/platform/platform.ts';
import { startAccess } from '../../local/world/access/index.ts';
import { startNovita } from '../../local/world/novita/index.ts';
import type { SimulatedCryptoPay } from '../../local/world/payments/cryptopay.ts';
import type { SimulatedNowPayments } from '../../local/world/payments/nowpayments.ts';
import { startTelegram } from '../../local/world/telegram/index.ts';
import { resolve } from '../../posture/resolve.ts';
import { SWITCHED } from '../../posture/features/index.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { startPayers } from '../start/payers.ts';

/** Who may refund and adjust; and who writes to all. */
export const OWNER = 500_000;
export const AUTHOR = 500_001;

/** Promo codes, SOAK-1 and so on, and how many people each is for. */
export const [PROMOS, PROMO_FOR] = [20, 25];

export interface Stage {
  posture: Posture;
  telegram: SimulatedTelegram;
  platform: Platform;
  crypto: SimulatedCryptoPay;
  now: SimulatedNowPayments;
  novita: SimulatedNovita;
  access: SimulatedAccess;
  api: Api;
  botId: number;
  /** A worker's connections, with the patience of somebody who only looks. */
  pool: Pool;
  stop(): Promise<void>;
}

/** As shipped, but for Telegram's limits, which would make of ten thousand operations an hour, and for waits of minutes. */
export const soakPosture = (): Posture =>
  resolve({
    features: { chat: false, cryptoPay: true, nowPayments: true, ...WORKS_ON },
    people: { owners: [OWNER, AUTHOR] },
    payments: { grace: '5s' },
    providers: {
      telegram: { rate: { global: 100_000, chat: 100_000, group: 100_000, broadcast: 60 }, breaker: { openFor: '1s' } },
      novita: { timeout: '3s', breaker: { openFor: '2s' } },
      access: { timeout: '2s', breaker: { openFor: '2s' } },
    },
    // So many messages a second have to be kept somewhere.
    database: { storage: { size: '200GiB', max: '600GiB' } },
    ...QUICK,
    schedules: {
      stars: { every: '10s', deadline: '6s' },
      reserves: { every: '10s', deadline: '6s' },
      deposits: { every: '10s', deadline: '6s' },
      reconcile: { every: '1m', deadline: '30s' },
      ...QUICK_SLOTS,
    },
  });

/** What is off as shipped and is there; each may be deleted, with what it declares. */
const WORKS_ON = Object.fromEntries(
  ['studio', 'subscriptions'].filter((name) => name in SWITCHED).map((name) => [name, true]),
);
const SLOT = { every: '10s', deadline: '6s' };
const QUICK_SLOTS = {
  ...('studio' in SWITCHED && { renders: SLOT }),
  ...('subscriptions' in SWITCHED && {
    expiry: SLOT,
    activation: SLOT,
    trialNotices: SLOT,
    reminders: SLOT,
    renewals: SLOT,
  }),
};
const QUICK = {
  ...('studio' in SWITCHED && {
    studio: {
      image: { takes: '1s' },
      video: { takes: '1s' },
      poll: { first: '500ms', max: '1s' },
      perMinute: 10_000,
      orphan: '10s',
      atOnce: 8,
    },
  }),
  ...('subscriptions' in SWITCHED && {
    plans: {
      offered: { month: { credits: 150, period: '30d', stars: 'monthly' } },
      checkAfter: '3s',
      autoRenew: true,
    },
    work: { access: { backoff: { first: '200ms', max: '2s' } } },
  }),
};

const patient = { connect: '50s', acquire: '50s', lock: '20s', statement: '55s', query: '58s' };

export async function openStage(say: (line: string) => void, signal: AbortSignal): Promise<Stage> {
  const undo = new AsyncDisposableStack();
  try {
    const posture = soakPosture();
    const telegram = await startTelegram({ limits: {}, keepMessages: 5_000, faults: { duplicates: 2 } });
    undo.defer(() => telegram.stop());
    const payers = await startPayers({});
    undo.defer(() => payers.stop());
    const novita = await startNovita({ takes: { image: 500, video: 1_000 }, videoBytes: 64 * 1024 });
    undo.defer(() => novita.stop());
    const access = await startAccess();
    undo.defer(() => access.stop());
    const platform = await startPlatform({
      posture,
      dataDirectory: await mkdtemp(join(tmpdir(), 'evenkeel-soak-')),
      keep: false,
      env: {
        ...payers.env,
        BOT_TOKEN: telegram.botToken,
        TELEGRAM_API_ROOT: telegram.apiRoot,
        NOVITA_API_KEY: novita.apiKey,
        NOVITA_BASE_URL: novita.baseUrl,
        ACCESS_API_KEY: access.apiKey,
        ACCESS_BASE_URL: access.baseUrl,
        LOG_LEVEL: 'info',
      },
      onStep: (done) => say(done),
      signal,
    });
    undo.defer(() => platform.end());
    const response = await fetch(`${telegram.apiRoot}/bot${telegram.botToken}/setWebhook`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        url: platform.webhookUrl,
        secret_token: platform.webhookSecret,
        max_connections: posture.telegram.maxConnections,
      }),
    });
    if (!response.ok) throw new Error(`setWebhook: ${await response.text()}`);
    const botId = Number(telegram.botToken.split(':')[0]);
    const pool = createPool({
      url: platform.postgres.url('worker', new URL(platform.databaseUrl).pathname.slice(1)),
      posture: resolve({ database: { timeouts: patient } }),
      role: 'worker',
      log: createLogger('soak', 'warn'),
      max: 8,
      botId,
    });
    undo.defer(() => pool.end());
    const api = new Api(telegram.botToken, { apiRoot: telegram.apiRoot });
    payers.connect(new URL(platform.webhookUrl).origin);
    const crypto = payers.payers.cryptoPay as SimulatedCryptoPay;
    const now = payers.payers.nowPayments as SimulatedNowPayments;
    await pool.query(
      `INSERT INTO evenkeel.promo (bot_id, code, credits, most, created_by)
       SELECT $1, 'SOAK-' || n, 5, ${PROMO_FOR}, 'soak' FROM generate_series(1, ${PROMOS}) AS n`,
      [botId],
    );
    const own = undo.move();
    return {
      posture,
      telegram,
      platform,
      crypto,
      now,
      novita,
      access,
      api,
      botId,
      pool,
      stop: () => own.disposeAsync(),
    };
  } catch (error) {
    await undo.disposeAsync();
    throw error;
  }
}

/** Longest wait for one thing, ms: beyond a takeover, a restart of every task and a slow machine. */
const WITHIN = 180_000;

/** Looks until there is something. @throws what was missing */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { signal, within = WITHIN, every = 50 }: { signal: AbortSignal; within?: number; every?: number },
): Promise<T> {
  const began = performance.now();
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() - began > within) throw new Error(`not within ${within / 1000} s: ${what}`);
    await sleep(every, undefined, { signal });
  }
}
