/** Works on the declared queues: claims what is due, runs it, and says what became of it. */
import type pg from 'pg';
import type { PgBoss } from 'pg-boss';
import type { JobName, Posture } from '../../posture/schema/index.ts';
import { fencedAttempt, type Outcome } from '../database/fenced.ts';
import { onCommit } from '../database/transaction.ts';
import type { Pool } from '../database/pool.ts';
import { ofJobs } from '../flags/names.ts';
import { decide } from '../lanes/decide.ts';
import { stopwatch } from '../lanes/leases.ts';
import { persist } from '../lanes/persist.ts';
import { describeError, type Logger } from '../log.ts';
import { startLoop } from '../loop.ts';
import { HandlerTimeout, Hopeless, JobLost } from '../outcome.ts';
import type { Jobs } from './job.ts';
import { checked } from './queue.ts';
import { jobNames, waitsWhileHeld } from './queues.ts';
import { buryJob, claimJobs, completeJob, lockJob, returnJob, takeBack, touchJobs, type ClaimedJob } from './store.ts';

/**
 * Pause between two looks for jobs, ms: half of it is what a job waits that another process made. One that was made here
 * is looked for at once.
 */
const LOOK = 200;

export interface JobCounters {
  done: number;
  failed: number;
  dead: number;
}

export interface JobWorker {
  state(): Partial<Record<JobName, JobCounters & { active: number; capacity: number }>>;
  /** What is under way, and how much has ended: for the watchdog. */
  progress(): { inHand: number; ended: number };
  /** Claims nothing more and lets what runs end for `milliseconds`; then it goes back, which is no attempt. */
  stop(milliseconds: number): Promise<void>;
}

interface WorkerOptions {
  pool: Pool;
  /** A connection beside the pool, while there is one: a job is not lost because handlers have taken all the others. */
  connection: () => pg.Client | undefined;
  boss: PgBoss;
  botId: number;
  posture: Posture;
  /** Queues that it works on. Default: all. */
  queues?: readonly JobName[];
  jobs: Jobs;
  /** Of a queue that is not, nothing is claimed; what runs ends. Default: all are. */
  isOn?: (name: string) => boolean;
  /** How far the log of the database was seen: `Lineage.seen`. Default: anywhere. */
  seen?: () => string;
  log: Logger;
}

interface Held {
  job: ClaimedJob;
  stop: (reason: Error) => void;
}

export function startJobWorker(options: WorkerOptions): JobWorker {
  const { pool, connection, boss, botId, posture, jobs, isOn = () => true, seen, log } = options;
  const names = options.queues ?? jobNames(posture);
  const { heartbeat, touch, sweep } = posture.lanes;
  const counters = new Map(names.map((name) => [name, { done: 0, failed: 0, dead: 0 }]));
  const held = new Map<Promise<void>, Held>();
  const drained = new AbortController();
  let leaving = false;
  let ended = 0;
  /** Since the last renewal that succeeded was *sent*. */
  let sinceRenewal: () => number = () => 0;

  const active = (name: JobName): number => [...held.values()].filter(({ job }) => job.queue === name).length;

  async function attempt(job: ClaimedJob): Promise<void> {
    const { deadline: within } = posture.work[job.queue];
    const jobLog = log.child({ job: job.queue, id: job.id });
    const fenced = fencedAttempt({
      pool,
      within,
      late: () => new HandlerTimeout(`not done within ${within} ms`),
      over: () => new JobLost('the handler has ended'),
      hold: () => {
        if (sinceRenewal() >= heartbeat) throw new JobLost('its claim could not be renewed');
      },
      lock: async (client) => {
        if (!(await lockJob(client, job))) throw new JobLost('it is another worker’s by now');
      },
      mark: async (client) => {
        if (!(await completeJob(client, job, {}))) throw new JobLost('it is not active any more');
      },
    });
    const running = run(job, jobLog, fenced).finally(() => {
      held.delete(running);
      ended += 1;
      looking.wake();
    });
    held.set(running, { job, stop: (reason) => fenced.stop(reason) });
  }

  async function run(job: ClaimedJob, jobLog: Logger, fenced: ReturnType<typeof fencedAttempt>): Promise<void> {
    const { queue, handle } = jobs[job.queue];
    const began = Date.now();
    const { signal, hold, transaction, done } = fenced;
    let said: Record<string, unknown> = {};
    jobLog.info({ attempts: job.attempts, waited: Math.round(job.age) }, 'job begins');
    const outcome = await fenced.run(async () => {
      const input = read(() => checked(queue, job.input));
      const deadline = began + posture.work[job.queue].deadline;
      const { id, attempts } = job;
      said =
        (await handle({
          job: { id, queue: job.queue, attempts },
          input,
          signal,
          deadline,
          log: jobLog,
          alive: () => (ended += 1),
          hold,
          transaction,
          done,
        })) ?? {};
    });
    try {
      const became = await settle(job, outcome, said);
      const error = outcome.failure === undefined ? {} : { error: describeError(outcome.failure) };
      const level =
        became === 'dead' ? 'error' : outcome.failure === undefined || became === 'cut short' ? 'info' : 'warn';
      jobLog[level]({ outcome: became, took: Date.now() - began, ...said, ...error }, 'job ended');
    } catch (error) {
      // The claim runs out, and another worker goes on from there.
      jobLog.warn({ outcome: 'lost', took: Date.now() - began, error: describeError(error) }, 'job ended');
    }
  }

  /** Writes down what became of a job, however long the database is away: what was done stays done. */
  async function settle(job: ClaimedJob, { failure, done }: Outcome, said: object): Promise<string> {
    const counts = counters.get(job.queue)!;
    const write = (work: () => Promise<boolean>) => persist(work, drained.signal);
    if (done) {
      counts.done += 1;
      return 'done';
    }
    if (failure instanceof JobLost) return 'lost';
    const error = failure === undefined ? undefined : describeError(failure);
    if (failure !== undefined && failure === drained.signal.reason) {
      const ours = await returnJob(pool, job, { after: 0, counted: false, error: undefined });
      return ours ? 'cut short' : 'lost';
    }
    const decision = decide(failure, { attempts: job.attempts, age: job.age }, posture.work[job.queue]);
    if (decision.kind === 'done') {
      const output = failure === undefined ? said : { ...said, message: error };
      if (!(await write(() => completeJob(pool, job, output)))) return 'lost';
      counts.done += 1;
      return 'done';
    }
    if (decision.kind === 'park') {
      const bury = () => boss.start().then(() => buryJob(pool, boss, job, error!));
      if (!(await write(bury))) return 'lost';
      counts.failed += 1;
      counts.dead += 1;
      return 'dead';
    }
    const { after, counted } = decision;
    if (!(await write(() => returnJob(pool, job, { after, counted, error })))) return 'lost';
    if (counted) counts.failed += 1;
    return counted ? 'failed' : 'postponed';
  }

  const looking = startLoop({
    name: 'jobs',
    every: LOOK,
    log,
    turn: async () => {
      const room = new Map(
        names
          .map((name) => {
            const room = posture.work[name].concurrency - active(name);
            return [name, { room, waits: waitsWhileHeld(name) }] as const;
          })
          .filter(([name, { room }]) => room > 0 && isOn(ofJobs(name))),
      );
      if (leaving || room.size === 0) return;
      const sent = stopwatch();
      const claimed = await claimJobs(pool, botId, room, seen?.());
      // The claim is a renewal of what it claims; of what is held already the loop below is.
      if (held.size === 0) sinceRenewal = sent;
      for (const job of claimed) await attempt(job);
      return claimed.length > 0;
    },
  });
  const unsubscribe = onCommit(pool, 'jobs', () => looking.wake());

  let failures = 0;
  const renewing = startLoop({
    name: 'claims of jobs',
    every: touch,
    backoff: touch,
    log,
    turn: async () => {
      if (held.size === 0) return;
      const sent = stopwatch();
      const before = [...held.values()];
      // In turn with the pool while it fails: it may be the one that is to blame, or the other.
      const db = (failures % 2 === 0 ? connection() : undefined) ?? pool;
      failures += 1;
      const ours = await touchJobs(
        db,
        before.map(({ job }) => job),
      );
      failures = 0;
      sinceRenewal = sent;
      for (const { job, stop } of before)
        if (!ours.has(job.id)) stop(new JobLost(`another worker took job ${job.id}, or it was ended`));
    },
  });

  /** A claim that cannot be renewed will be another's: its handler is told so before anybody begins the job again. */
  const watching = startLoop({
    name: 'stale claims of jobs',
    every: touch / 2,
    log,
    turn: async () => {
      if (sinceRenewal() < heartbeat - touch) return;
      for (const { stop } of held.values()) stop(new JobLost('its claim could not be renewed'));
    },
  });

  const sweeping = startLoop({
    name: 'lost jobs',
    every: sweep,
    log,
    turn: async () => {
      await boss.start();
      const returned = await takeBack(pool, boss, { botId, queues: names, silence: heartbeat });
      if (returned > 0) looking.wake();
    },
  });

  return {
    state: () =>
      Object.fromEntries(
        names.map((name) => [
          name,
          { ...counters.get(name)!, active: active(name), capacity: posture.work[name].concurrency },
        ]),
      ),
    progress: () => ({ inHand: held.size, ended }),
    async stop(milliseconds) {
      leaving = true;
      unsubscribe();
      await Promise.all([looking.stop(), sweeping.stop()]);
      const timer = setTimeout(() => {
        const reason = new Error('the worker drains');
        drained.abort(reason);
        for (const { stop } of held.values()) stop(reason);
      }, milliseconds);
      await Promise.all(held.keys());
      clearTimeout(timer);
      await Promise.all([renewing.stop(), watching.stop()]);
    },
  };
}

/** An input that the queue does not take is not mended by a repetition. */
function read<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new Hopeless(describeError(error), { cause: error });
  }
}
