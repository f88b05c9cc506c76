/**
 * The media role: runs the jobs that move large files, on tasks of its own with a disk, so that no chat waits for a
 * download and no download fills the memory of those who answer (fault download-exhaustion).
 */
import { mkdtemp, mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Api } from 'grammy';
import { FILES_PATH } from '../../contract/paths.ts';
import { CLOSING, settleTime } from '../../posture/limits.ts';
import { botIdOf, type Config } from '../config.ts';
import { assertDirect } from '../database/direct.ts';
import { startLineage } from '../database/lineage.ts';
import { startListener } from '../database/listener.ts';
import { createPool, sessionTimeouts } from '../database/pool.ts';
import { jobsOf } from '../features/index.ts';
import { startFlags } from '../flags/index.ts';
import { createHealthServer } from '../health/server.ts';
import { startJobs } from '../jobs/index.ts';
import { describeError, type Logger } from '../log.ts';
import { startLoop } from '../loop.ts';
import { createFetching } from '../providers/fetching/index.ts';
import { createLimiter } from '../providers/limiter/index.ts';
import { createLeaseStore } from '../providers/limiter/lease.ts';
import { openObjectStore } from '../providers/objects.ts';
import { createTelegramClient } from '../providers/telegram.ts';
import { onTextProblem } from '../texts/index.ts';
import { beginning, persist } from './persist.ts';
import type { Task } from './task.ts';

/** How often the disk is looked at, ms: more often than its metric is told. */
const LOOK_AT_DISK = 15_000;

export async function startMedia({ posture, env }: Config<'media'>, log: Logger): Promise<Task> {
  onTextProblem((problem) => log.warn({ problem }, 'a text is said in English instead'));
  const botId = botIdOf(env.BOT_TOKEN);
  const session = { url: env.DATABASE_URL, role: 'media' as const, posture, log, server: env.DATABASE_SERVER };
  const scratch = await openScratch(env.SCRATCH);
  const disk = watchDisk(scratch, log);
  const pool = createPool({ ...session, botId });
  const ending = new AbortController();
  const telegram = createTelegramClient(
    posture,
    { apiRoot: env.TELEGRAM_API_ROOT, botToken: env.BOT_TOKEN },
    log,
    createLimiter(posture, createLeaseStore(pool, botId), log),
  );
  const fetching = createFetching({ also: env.SIMULATED_SITES, names: env.SIMULATED_NAMES, ytDlp: env.YT_DLP });
  const keeping = await openKeeping(env);
  const api = new Api(env.BOT_TOKEN, { apiRoot: env.TELEGRAM_API_ROOT });
  api.config.use(telegram.transformer());
  let waitingFor: string | undefined = 'the database';

  const server = createHealthServer({
    role: 'media',
    botId,
    posture,
    pool,
    // Nobody but operators and the orchestrator reaches it.
    lookThrough: pool,
    operatorToken: env.OPERATOR_TOKEN,
    stack: env.STACK,
    log,
    health: {
      details: () => ({
        flags: flags.state(),
        jobs: jobs.state(),
        providers: { telegram: telegram.state() },
        listener: { connected: listener.connected() ? 1 : 0 },
        ...(disk.state() && { disk: disk.state() }),
      }),
      reasons: () => (waitingFor ? [`waiting for ${waitingFor}`] : []),
      notReady: () => (waitingFor ? `waiting for ${waitingFor}` : undefined),
    },
  });
  // Beside the pool: claims are renewed and flags read by it while every job holds a connection.
  const listener = startListener({ ...session, channels: [], onNotify: () => undefined });
  const db = () => listener.connection() ?? pool;
  const flags = startFlags({ posture, db, log });
  const lineage = startLineage({ db, log });
  const jobs = startJobs({
    pool,
    connection: () => listener.connection(),
    botId,
    posture,
    role: 'media',
    jobs: jobsOf({ pool, posture, botId, api, scratch, fetching, keeping }),
    isOn: (name) => flags.isOn(name),
    seen: () => lineage.seen(),
    log,
  });

  // Live at once, ready when what it needs has answered (fault slow-start).
  await server.app.listen({ port: env.PORT, host: env.HOST });

  async function begin(): Promise<void> {
    await persist('the database is not ready', log, ending.signal, async () => {
      await assertDirect(pool, sessionTimeouts(posture));
      await lineage.load();
      await flags.load();
    });
    waitingFor = undefined;
  }

  const { failed, begun } = beginning(begin, ending.signal);

  async function drain(): Promise<void> {
    ending.abort(new Error('draining'));
    server.leave();
    await begun;
    // What is not done by then goes back, which is no attempt: another task begins it again.
    await jobs.stop(posture.media.drain - CLOSING - settleTime(posture));
    await Promise.all([flags.stop(), lineage.stop(), listener.stop(), disk.stop()]);
    await Promise.all([telegram.close(), fetching.close()]);
    keeping?.store.close();
    await server.close();
    await pool.end();
    await rm(scratch, { recursive: true, force: true });
  }

  return {
    address: server.app.server.address(),
    drain,
    drainWithin: posture.media.drain,
    failed,
    // No progress for the watchdog: a file may take longer than anything else may stand still. Each job has its deadline.
  };
}

/** Files that are too large for a chat: where there is a place for them, and where people reach it. */
async function openKeeping(env: Config<'media'>['env']) {
  const { OBJECT_STORE_BUCKET: bucket, OBJECT_STORE_REGION: region, OBJECT_STORE_ENDPOINT: endpoint } = env;
  const { PUBLIC_URL: publicUrl } = env;
  if (bucket === undefined || publicUrl === undefined) return undefined;
  const store = await openObjectStore({ bucket, region, endpoint });
  return { store, addressOf: (token: string) => new URL(`${FILES_PATH}${token}`, publicUrl).href };
}

/** A directory that no other task writes to: on a laptop several share the disk. */
async function openScratch(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  return mkdtemp(join(directory, 'media-'));
}

/** How full the file system of a directory is. */
function watchDisk(directory: string, log: Logger) {
  let last: { used: number; size: number } | undefined;
  const looking = startLoop({
    name: 'disk',
    every: LOOK_AT_DISK,
    log,
    turn: async () => {
      const { blocks, bavail, bsize } = await statfs(directory).catch((error: unknown) => {
        throw new Error(`the disk cannot be looked at: ${describeError(error)}`, { cause: error });
      });
      last = { used: (blocks - bavail) * bsize, size: blocks * bsize };
    },
  });
  return { state: () => last, stop: () => looking.stop() };
}
