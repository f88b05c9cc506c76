/** Part 1: acknowledged updates a second, ours and peers in turn on the same machine in the same run. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CONNECTIONS, load, type LoadResult } from './load.ts';
import { startRedis } from './redis.ts';
import { against, inTurn, median, ratio, type Row } from './report.ts';
import type { Running, Stage } from './stage.ts';

const PEER = fileURLToPath(new URL('./peer.ts', import.meta.url));
const OURS = 'evenkeel';
const PEERS = ['no-op', 'single-row INSERT', 'pg-boss send', 'BullMQ add', 'graphile-worker addJob'];
/** What two tasks, their database and the load generator need to be a measurement of the tasks. */
const CORES = 4;

export async function benchIntake(
  stage: Stage,
  options: { seconds: number; rounds: number },
  say: (text: string) => void,
): Promise<Row[]> {
  const results = new Map<string, LoadResult[]>([...PEERS, OURS].map((name) => [name, []]));
  let memory: number | undefined;
  for (let round = 0; round < options.rounds; round++) {
    for (const name of inTurn([...results.keys()], round)) {
      const server = await startContestant(stage, name);
      if (!server) {
        say('no redis-server on this machine: BullMQ is left out');
        results.delete(name);
        continue;
      }
      await load(server.url, 1);
      const result = await load(server.url, options.seconds);
      if (name === OURS) memory = await server.memory();
      await server.stop();
      results.get(name)!.push(result);
      // A peer that does not work is no peer to be ahead of: whoever reads the ratios must see it.
      const broken = result.failed > 0 || result.rate === 0 ? `, BROKEN: ${result.failed} not acknowledged` : '';
      say(`intake ${round + 1}/${options.rounds} ${name}: ${Math.round(result.rate)}/s, p99 ${result.p99} ms${broken}`);
    }
  }
  const used: Row = { name: 'memory under intake load: web', value: memory && memory / 2 ** 20, unit: 'MiB' };
  return [...rows(results), await twoTasks(stage, options, say), against(used, '≤', 200)];
}

/** Undefined where the machine has no Redis. */
async function startContestant(stage: Stage, name: string): Promise<Running | undefined> {
  if (name === OURS) return startWeb(stage, await stage.database(true));
  if (name === 'no-op') return stage.start(PEER, [name], {}, '/ready');
  if (name !== 'BullMQ add') return stage.start(PEER, [name], { DATABASE_URL: await stage.database(false) }, '/ready');
  const redis = await startRedis(stage);
  if (!redis) return undefined;
  const server = await stage.start(PEER, [name], { REDIS_URL: redis.url }, '/ready');
  return { ...server, stop: () => server.stop().then(redis.stop) };
}

const startWeb = (stage: Stage, database: string): Promise<Running> =>
  stage.role('web', { DATABASE_URL: database, BOT_TOKEN: '1000:bench-bench-bench' });

/** One web task and two of them on one database, in turn: on fewer cores they would only take them from each other. */
async function twoTasks(
  stage: Stage,
  { seconds, rounds }: { seconds: number; rounds: number },
  say: (text: string) => void,
): Promise<Row> {
  const row = { name: 'intake: two web tasks / one', unit: 'ratio' } as const;
  const cores = availableParallelism();
  if (cores < CORES)
    return against({ ...row, value: undefined, note: `needs ${CORES} cores, this machine has ${cores}` }, '≥', 1.3);
  const rates = new Map<number, number[]>([1, 2].map((tasks) => [tasks, []]));
  for (let round = 0; round < rounds; round++) {
    for (const tasks of inTurn([1, 2], round)) {
      const database = await stage.database(true);
      const servers = await Promise.all(Array.from({ length: tasks }, () => startWeb(stage, database)));
      const each = (duration: number) =>
        Promise.all(servers.map(({ url }) => load(url, duration, CONNECTIONS / tasks)));
      await each(1);
      const rate = (await each(seconds)).reduce((sum, result) => sum + result.rate, 0);
      await Promise.all(servers.map((server) => server.stop()));
      rates.get(tasks)!.push(rate);
      say(`intake ${round + 1}/${rounds} web tasks ${tasks}: ${Math.round(rate)}/s`);
    }
  }
  return against({ ...row, value: ratio(median(rates.get(2)!), median(rates.get(1)!)) }, '≥', 1.3);
}

function rows(results: ReadonlyMap<string, LoadResult[]>): Row[] {
  const rate = (name: string) => median(results.get(name)!.map((result) => result.rate))!;
  const p99 = (name: string) => median(results.get(name)!.map((result) => result.p99))!;
  const names = [...results.keys()];
  const best = Math.max(...names.filter((name) => name !== OURS && name !== 'no-op').map(rate));
  const failed = results.get(OURS)!.reduce((sum, result) => sum + result.failed, 0);
  const share = (name: string, value: number): Row => ({ name: `intake: ${name}`, value, unit: 'ratio' });
  return [
    against(share('acknowledged / Fastify no-op', rate(OURS) / rate('no-op')), '≥', 0.5),
    against(share('acknowledged / best durable peer', rate(OURS) / best), '>', 1),
    against(share('p99 / no-op p99', p99(OURS) / p99('no-op')), '≤', 2.5),
    against({ name: 'intake: answers other than 200', value: failed, unit: 'count' }, '≤', 0),
    ...names.map((name): Row => ({ name: `intake: ${name}`, value: rate(name), unit: '/s' })),
    ...names.map((name): Row => ({ name: `intake: ${name} p99`, value: p99(name), unit: 'ms' })),
  ];
}
