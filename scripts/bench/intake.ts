/** Part 1: acknowledged updates a second, ours and peers in turn on the same machine in the same run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../local/platform/ports.ts';
import { load, type LoadResult } from './load.ts';
import { median, type Row } from './report.ts';
import type { Running, Stage } from './stage.ts';

const PEER = fileURLToPath(new URL('./peer.ts', import.meta.url));
const OURS = 'evenkeel';
const PEERS = ['no-op', 'single-row INSERT', 'pg-boss send', 'BullMQ add', 'graphile-worker addJob'];

export async function benchIntake(
  stage: Stage,
  options: { seconds: number; rounds: number },
  say: (text: string) => void,
) {
  const redis = await startRedis(stage);
  if (!redis) say('no redis-server on this machine: BullMQ is left out');
  const contestants = [...PEERS.filter((name) => name !== 'BullMQ add' || redis), OURS];
  const results = new Map<string, LoadResult[]>(contestants.map((name) => [name, []]));
  let memory: number | undefined;
  try {
    for (let round = 0; round < options.rounds; round++) {
      for (const name of contestants) {
        const server = await startContestant(stage, name, redis?.url);
        await load(server.url, 1);
        const result = await load(server.url, options.seconds);
        if (name === OURS) memory = await server.memory();
        await server.stop();
        results.get(name)!.push(result);
        say(`intake ${round + 1}/${options.rounds} ${name}: ${Math.round(result.rate)}/s, p99 ${result.p99} ms`);
      }
    }
  } finally {
    await redis?.stop();
  }
  return { rows: rows(results), memory };
}

async function startContestant(stage: Stage, name: string, redisUrl: string | undefined): Promise<Running> {
  const database = name === 'no-op' || name === 'BullMQ add' ? '' : await stage.database(name === OURS);
  if (name === OURS) return stage.role('web', { DATABASE_URL: database, BOT_TOKEN: '1000:bench-bench-bench' });
  return stage.start(PEER, [name], { DATABASE_URL: database, REDIS_URL: redisUrl ?? '' }, '/ready');
}

function rows(results: Map<string, LoadResult[]>): Row[] {
  const rate = (name: string) => median(results.get(name)!.map((result) => result.rate));
  const p99 = (name: string) => median(results.get(name)!.map((result) => result.p99));
  const best = Math.max(...[...results.keys()].filter((name) => name !== OURS && name !== 'no-op').map(rate));
  const share = rate(OURS) / rate('no-op');
  const failed = results.get(OURS)!.reduce((sum, result) => sum + result.failed, 0);
  return [
    { name: 'intake: acknowledged / Fastify no-op', value: share, unit: 'ratio', goal: '≥ 0.70', met: share >= 0.7 },
    {
      name: 'intake: acknowledged / best durable peer',
      value: rate(OURS) / best,
      unit: 'ratio',
      goal: '> 1',
      met: rate(OURS) > best,
    },
    {
      name: 'intake: p99 / no-op p99',
      value: p99(OURS) / p99('no-op'),
      unit: 'ratio',
      goal: '≤ 3',
      met: p99(OURS) <= 3 * p99('no-op'),
    },
    { name: 'intake: answers other than 200', value: failed, unit: 'count', goal: '0', met: failed === 0 },
    ...[...results.keys()].map((name) => ({ name: `intake: ${name}`, value: rate(name), unit: '/s' as const })),
    ...[...results.keys()].map((name) => ({ name: `intake: ${name} p99`, value: p99(name), unit: 'ms' as const })),
  ];
}

/** A Redis that is as durable as PostgreSQL is by default: every write is on disk before it is answered. */
async function startRedis(stage: Stage): Promise<{ url: string; stop(): Promise<void> } | undefined> {
  const port = await freePort();
  const directory = join(stage.directory, 'redis');
  await mkdir(directory, { recursive: true });
  const child = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      directory,
      '--save',
      '',
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
    ],
    { stdio: 'ignore' },
  );
  const started = await Promise.race([once(child, 'spawn').then(() => true), once(child, 'error').then(() => false)]);
  if (!started) return undefined;
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
