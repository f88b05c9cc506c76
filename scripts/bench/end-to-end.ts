/** Part 2: from the update to the sent reply, through everything, beside the same bot with nothing durable. */
import { fileURLToPath } from 'node:url';
import type { FloodReport } from '../../local/contract.ts';
import { spawnWorld, type WorldProcess } from '../../local/world/remote.ts';
import pg from 'pg';
import { storeUpdates } from '../../app/intake/store.ts';
import { parseUpdate } from '../../app/intake/update.ts';
import { spellOut } from '../../posture/resolve.ts';
import { message } from './load.ts';
import { median, type Row } from './report.ts';
import { query, WEBHOOK_SECRET, type Running, type Stage } from './stage.ts';

const INLINE = fileURLToPath(new URL('./inline.ts', import.meta.url));
const CHATS = 1000;
const FIRST_CHAT = 1_000_001;
const STORED_AT_ONCE = 500;
const MiB = 2 ** 20;

/** What is being measured: the bot in its processes, reachable at one webhook. */
interface Subject {
  webhook: string;
  processes: Record<string, Running>;
  stop(): Promise<void>;
}

interface Options {
  updates: number;
  rounds: number;
  seconds: number;
}

export async function benchEndToEnd(stage: Stage, options: Options, say: (text: string) => void): Promise<Row[]> {
  const rates: Record<'ours' | 'inline', number[]> = { ours: [], inline: [] };
  const orders: number[] = [];
  const memory: Record<string, number> = {};
  const ready: Record<string, number> = {};
  const latencies: Row[] = [];

  for (let round = 0; round < options.rounds; round++) {
    for (const kind of ['inline', 'ours'] as const) {
      await withWorld(async (world) => {
        const subject = await (kind === 'ours' ? startOurs : startInline)(stage, world);
        try {
          await setWebhook(world, subject.webhook);
          await flood(world, { updates: 2000, chats: CHATS });
          const report = await flood(world, { updates: options.updates, chats: CHATS });
          rates[kind].push((report.replied / report.repliedAfter) * 1000);
          say(`end to end ${round + 1}/${options.rounds} ${kind}: ${Math.round(rates[kind].at(-1)!)}/s`);
          if (kind === 'ours')
            orders.push(report.outOfOrder + report.repeatedReplies + report.expected - report.replied);
          for (const [name, process] of Object.entries(subject.processes)) {
            memory[name] = Math.max(memory[name] ?? 0, ((await process.memory()) ?? 0) / MiB);
            ready[name] = process.readyAfter;
          }
          if (round > 0) return;
          for (const rate of [100, 500]) {
            const { latency } = await flood(world, { updates: rate * options.seconds, chats: CHATS, rate });
            const name = `end to end: ${kind === 'ours' ? 'evenkeel' : 'inline'} at ${rate}/s`;
            latencies.push({ name: `${name}, p50`, value: latency.p50, unit: 'ms' });
            const goal = kind === 'ours' && rate === 100 ? { goal: '≤ 30 ms', met: latency.p99 <= 30 } : {};
            latencies.push({ name: `${name}, p99`, value: latency.p99, unit: 'ms', ...goal });
          }
        } finally {
          await subject.stop();
        }
      });
    }
  }

  const [ours, inline] = [median(rates.ours), median(rates.inline)];
  const disorder = orders.reduce((sum, count) => sum + count, 0);
  return [
    {
      name: 'end to end: evenkeel / inline',
      value: ours / inline,
      unit: 'ratio',
      goal: '≥ 0.80',
      met: ours / inline >= 0.8,
    },
    { name: 'end to end: evenkeel', value: ours, unit: '/s', goal: '≥ 1,500/s', met: ours >= 1500 },
    { name: 'end to end: inline', value: inline, unit: '/s' },
    {
      name: 'end to end: lost, repeated or out of order',
      value: disorder,
      unit: 'count',
      goal: '0',
      met: disorder === 0,
    },
    ...latencies,
    ...Object.entries(memory).map(([name, value]): Row => ({ name: `memory under load: ${name}`, value, unit: 'MiB' })),
    ...Object.entries(ready).map(([name, value]): Row => ({ name: `start to ready: ${name}`, value, unit: 'ms' })),
  ];
}

/** Part 3: a backlog that was stored while no worker ran, right after it was loaded, so that no statistics are fresh. */
export async function benchBacklog(
  stage: Stage,
  updates: number,
  chats: number,
  say: (text: string) => void,
): Promise<Row[]> {
  return withWorld(async (world) => {
    const database = await stage.database(true);
    await storeBacklog(database, Number(world.botToken.split(':')[0]), updates, chats);
    // Telegram knows only chats in which somebody has written.
    for (let chat = 0; chat < chats; chat++) await world.telegram.open(FIRST_CHAT + chat);
    const worker = await startWorker(stage, world, database);
    try {
      const started = performance.now();
      const done = async () =>
        (await query<{ count: number }>(database, `SELECT count(*) FROM evenkeel.inbox WHERE state = 'done'`))[0]!;
      let first: number | undefined;
      let count = 0;
      while (count < updates) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        count = Number((await done()).count);
        const seconds = (performance.now() - started) / 1000;
        if (first === undefined && seconds >= 5) first = count / seconds;
        if (seconds > 300) throw new Error(`the backlog was not drained within 300 s: ${count} of ${updates}`);
      }
      const rate = (updates / (performance.now() - started)) * 1000;
      say(`backlog: ${Math.round(rate)}/s`);
      return [
        {
          name: `backlog of ${updates}: first 5 s`,
          value: first ?? rate,
          unit: '/s',
          goal: '≥ 2,000/s',
          met: (first ?? rate) >= 2000,
        },
        { name: `backlog of ${updates}: whole`, value: rate, unit: '/s', goal: '≥ 2,000/s', met: rate >= 2000 },
      ];
    } finally {
      await worker.stop();
    }
  });
}

/** Stores it as web tasks do. */
async function storeBacklog(database: string, botId: number, updates: number, chats: number): Promise<void> {
  const pool = new pg.Pool({ connectionString: database, max: 1 });
  try {
    for (let next = 1; next <= updates; next += STORED_AT_ONCE) {
      const ids = Array.from({ length: Math.min(STORED_AT_ONCE, updates - next + 1) }, (_, index) => next + index);
      const bodies = ids.map((id) => message(id, FIRST_CHAT + (id % chats), `waiting ${id}`));
      await storeUpdates(
        pool,
        botId,
        bodies.map((body) => parseUpdate(body, botId)!),
      );
    }
  } finally {
    await pool.end();
  }
}

async function withWorld<T>(work: (world: WorldProcess) => Promise<T>): Promise<T> {
  const world = await spawnWorld(['--keep', '5', '--unlimited']);
  try {
    return await work(world);
  } finally {
    await world.stop();
  }
}

const startWorker = (stage: Stage, world: WorldProcess, database: string): Promise<Running> =>
  stage.role('worker', { DATABASE_URL: database, BOT_TOKEN: world.botToken, TELEGRAM_API_ROOT: world.apiRoot });

async function startOurs(stage: Stage, world: WorldProcess): Promise<Subject> {
  const database = await stage.database(true);
  const web = await stage.role('web', { DATABASE_URL: database, BOT_TOKEN: world.botToken });
  const worker = await startWorker(stage, world, database);
  return {
    webhook: web.url,
    processes: { web, worker },
    stop: async () => void (await Promise.all([web.stop(), worker.stop()])),
  };
}

async function startInline(stage: Stage, world: WorldProcess): Promise<Subject> {
  const env = {
    BOT_TOKEN: world.botToken,
    TELEGRAM_API_ROOT: world.apiRoot,
    POSTURE: JSON.stringify(spellOut(stage.posture)),
  };
  const inline = await stage.start(INLINE, [], env, '/ready');
  return { webhook: inline.url, processes: {}, stop: () => inline.stop() };
}

async function setWebhook(world: WorldProcess, url: string): Promise<void> {
  const response = await fetch(`${world.apiRoot}/bot${world.botToken}/setWebhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: `${url}/telegram/webhook`, secret_token: WEBHOOK_SECRET, max_connections: 100 }),
  });
  if (!response.ok) throw new Error(`setWebhook: ${await response.text()}`);
}

/** Has the users write, and waits until each has an answer. */
async function flood(
  world: WorldProcess,
  wanted: { updates: number; chats: number; rate?: number },
): Promise<FloodReport> {
  await world.telegram.resetFlood();
  await world.telegram.flood(wanted);
  const patience = performance.now() + 120_000;
  for (;;) {
    const report = await world.telegram.floodReport();
    if (report.said === wanted.updates && report.replied === report.expected) return report;
    if (performance.now() > patience)
      throw new Error(`only ${report.replied} of ${wanted.updates} were answered within 120 s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
