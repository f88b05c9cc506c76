/** The bot in its processes, reachable at one webhook: ours, and the same bot on other feet. */
import { fileURLToPath } from 'node:url';
import type { FloodReport } from '../../local/contract/index.ts';
import { spawnWorld, type WorldProcess } from '../../local/world/remote.ts';
import { spellOut } from '../../posture/resolve.ts';
import { cpuTime } from './cpu.ts';
import { startRedis } from './redis.ts';
import { WEBHOOK_SECRET, type Running, type Stage } from './stage.ts';

const INLINE = fileURLToPath(new URL('./inline.ts', import.meta.url));
const PEER = fileURLToPath(new URL('./peer.ts', import.meta.url));
const PEER_WORKER = fileURLToPath(new URL('./peer-worker.ts', import.meta.url));
/** What is left to do when the last user has an answer: marks, commits. ms */
const SETTLED_AFTER = 300;
const FLOOD_WITHIN = 180_000;

/** CPU by role, µs. */
export type Spent = Record<string, number>;

export interface Subject {
  webhook: string;
  processes: Record<string, Running>;
  /** So far; undefined where this machine does not tell. */
  cpu: () => Promise<Spent | undefined>;
  stop: () => Promise<void>;
}

/** `undefined`: what it needs is not on this machine. */
type Start = (stage: Stage, world: WorldProcess) => Promise<Subject | undefined>;

/** Every arm of the comparison. */
export const SUBJECTS = {
  inline: async (stage, world) => {
    const inline = await stage.start(INLINE, [], botEnv(stage, world), '/ready');
    return subject(inline, { inline }, {});
  },

  BullMQ: async (stage, world) => {
    const redis = await startRedis(stage);
    if (!redis) return undefined;
    const env = { ...botEnv(stage, world), REDIS_URL: redis.url };
    const roles = await startPeer(stage, 'BullMQ add', env);
    return subject(roles.web, roles, { redis: () => cpuTime(redis.pid) }, redis.stop);
  },

  'graphile-worker': async (stage, world) => {
    const env = { ...botEnv(stage, world), DATABASE_URL: await stage.database(false) };
    const roles = await startPeer(stage, 'graphile-worker addJob', env);
    return subject(roles.web, roles, { PostgreSQL: stage.postgresCpu });
  },

  evenkeel: async (stage, world) => {
    const database = await stage.database(true);
    const web = await stage.role('web', { DATABASE_URL: database, BOT_TOKEN: world.botToken });
    const worker = await startWorker(stage, world, database);
    return subject(web, { web, worker }, { PostgreSQL: stage.postgresCpu });
  },
} satisfies Record<string, Start>;

export type Arm = keyof typeof SUBJECTS;
export const ARMS = Object.keys(SUBJECTS) as Arm[];

/** Runs `work` with the subject at the webhook of a Telegram of its own; undefined where the machine lacks something. */
export async function withSubject<T>(
  stage: Stage,
  arm: Arm,
  work: (world: WorldProcess, subject: Subject) => Promise<T>,
): Promise<T | undefined> {
  return withWorld(async (world) => {
    const started = await SUBJECTS[arm](stage, world);
    if (!started) return undefined;
    try {
      await setWebhook(world, started.webhook);
      return await work(world, started);
    } finally {
      await started.stop();
    }
  });
}

export async function withWorld<T>(work: (world: WorldProcess) => Promise<T>): Promise<T> {
  const world = await spawnWorld(['--keep', '5', '--unlimited']);
  try {
    return await work(world);
  } finally {
    await world.stop();
  }
}

export const startWorker = (stage: Stage, world: WorldProcess, database: string): Promise<Running> =>
  stage.role('worker', { DATABASE_URL: database, BOT_TOKEN: world.botToken, TELEGRAM_API_ROOT: world.apiRoot });

const botEnv = (stage: Stage, world: WorldProcess) => ({
  BOT_TOKEN: world.botToken,
  TELEGRAM_API_ROOT: world.apiRoot,
  POSTURE: JSON.stringify(spellOut(stage.posture)),
});

/** The web process first: it makes the schema. */
async function startPeer(stage: Stage, kind: string, env: Record<string, string>) {
  const web = await stage.start(PEER, [kind], env, '/ready');
  const worker = await stage.start(PEER_WORKER, [kind], env, '/ready');
  return { web, worker };
}

function subject(
  web: Running,
  processes: Record<string, Running>,
  servers: Record<string, () => Promise<number | undefined>>,
  afterwards: () => Promise<void> = async () => undefined,
): Subject {
  return {
    webhook: web.url,
    processes,
    async cpu() {
      const own = Object.entries(processes).map(([role, { pid }]) => [role, () => cpuTime(pid)] as const);
      const spent: Spent = {};
      for (const [role, read] of [...own, ...Object.entries(servers)]) {
        const time = await read();
        if (time === undefined) return undefined;
        spent[role] = time;
      }
      return spent;
    },
    async stop() {
      await Promise.all(Object.values(processes).map((process) => process.stop()));
      await afterwards();
    },
  };
}

async function setWebhook(world: WorldProcess, url: string): Promise<void> {
  const response = await fetch(`${world.apiRoot}/bot${world.botToken}/setWebhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: `${url}/telegram/webhook`, secret_token: WEBHOOK_SECRET, max_connections: 100 }),
  });
  if (!response.ok) throw new Error(`setWebhook: ${await response.text()}`);
}

export interface Flooded extends FloodReport {
  /** Answered updates a second. */
  answered: number;
  /** Per update. */
  cpu: Spent | undefined;
}

/** Has the users write, and waits until each has an answer. */
export async function flood(
  world: WorldProcess,
  { cpu }: Subject,
  wanted: { updates: number; chats: number; rate?: number },
): Promise<Flooded> {
  await world.telegram.resetFlood();
  const before = await cpu();
  await world.telegram.flood(wanted);
  const patience = performance.now() + FLOOD_WITHIN;
  for (;;) {
    const report = await world.telegram.floodReport();
    if (report.said === wanted.updates && report.replied === report.expected) {
      await new Promise((resolve) => setTimeout(resolve, SETTLED_AFTER));
      const spent = perUpdate(before, await cpu(), wanted.updates);
      return { ...report, answered: (report.replied / report.repliedAfter) * 1000, cpu: spent };
    }
    if (performance.now() > patience)
      throw new Error(`only ${report.replied} of ${wanted.updates} were answered within ${FLOOD_WITHIN / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const perUpdate = (before: Spent | undefined, after: Spent | undefined, updates: number): Spent | undefined =>
  before &&
  after &&
  Object.fromEntries(Object.entries(after).map(([role, time]) => [role, (time - before[role]!) / updates]));
