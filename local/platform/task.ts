/** One task: a process of the app under health checks, from its start to its end. */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Posture } from '../../posture/schema/index.ts';
import type { Role } from '../../posture/limits.ts';
import type { Health } from '../../contract/health.ts';
import type { TaskState } from '../contract/index.ts';
import type { Guard } from './guard.ts';
import { COMPILE_CACHE } from './compile-cache.ts';
import { checkLive, countCheck, NEW_TARGET, readHealth } from './health-check.ts';
import { endChild, startChild, type Exit } from './process.ts';
import { openTaskLog } from './task-log.ts';

export interface TaskOptions {
  id: string;
  /** Starts before it in its place. */
  restarts: number;
  role: Role;
  port: number;
  posture: Posture;
  /** Program and arguments. */
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  operatorToken: string;
  /** Directory of the log files. */
  logs: string;
  guard: Guard;
  /** One line for the console. */
  say: (line: string) => void;
  /** Called after each change of `state`. */
  onChange: () => void;
}

export interface Task {
  readonly id: string;
  readonly role: Role;
  readonly port: number;
  readonly pid: number;
  readonly state: TaskState;
  readonly startedAt: Date;
  readonly restarts: number;
  /** When SIGKILL ends it, Unix time in ms; undefined until it is asked to end. */
  readonly killAt: number | undefined;
  /** Whether it was healthy at least once. */
  readonly served: boolean;
  /** The last warning or worse that it logged. */
  readonly lastWords: string | undefined;
  /** The last lines of its log that name this update. */
  takeovers(): number[];
  about(updateId: number): string[];
  /** What the last failed health check found. */
  readonly complaint: string | undefined;
  readonly health: Health | undefined;
  readonly exited: Promise<Exit>;
  signal(signal: NodeJS.Signals): void;
  /** Takes the task out of service without ending it yet: it gets no new requests. */
  leave(): void;
  /** SIGTERM, and SIGKILL after the posture's stopTimeout. */
  stop(): Promise<Exit>;
}

/** A new task is looked at more often than a balancer would, so that nobody waits for the next interval. */
const START_INTERVAL = 200;
const HEALTH_INTERVAL = 1000;

/** @throws when the program cannot be started */
export async function startTask(options: TaskOptions): Promise<Task> {
  const { id, role, port, posture, command, guard } = options;
  const { healthCheck } = posture.ingress;
  const [program, ...args] = command as [string, ...string[]];
  const child = await startChild(program, args, {
    guard,
    lastSignal: 'SIGKILL',
    env: { ...COMPILE_CACHE, ...options.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let lastWords: string | undefined;
  const log = openTaskLog(join(options.logs, `${id}.log`), (message) => {
    lastWords = message;
    options.say(`${id} ${message}`);
  });
  const said = once(child.process, 'close');
  log.follow(child.process.stdout!);
  log.follow(child.process.stderr!);

  const startedAt = new Date();
  const ended = new AbortController();
  let count = NEW_TARGET;
  let phase: 'serving' | 'draining' | 'stopped' = 'serving';
  let complaint: string | undefined;
  let served = false;
  let killAt: number | undefined;
  let health: Health | undefined;

  const state = (): TaskState => (phase === 'serving' ? count.state : phase);
  const changed = (before: TaskState) => state() !== before && options.onChange();
  function enter(next: typeof phase): void {
    const before = state();
    phase = next;
    changed(before);
  }

  /** Repeats until the process ends; a pause that the end cuts short is the end of the loop, not an error. */
  async function every(pause: () => number, look: () => Promise<void>): Promise<void> {
    while (child.running) {
      await look();
      await sleep(pause(), undefined, { signal: ended.signal, ref: false }).catch(() => undefined);
    }
  }
  async function check(): Promise<void> {
    const wrong = await checkLive(port, healthCheck.timeout);
    if (!child.running) return;
    const before = state();
    // Nothing listens yet in the first moments; that is not what makes a task unhealthy.
    const booting = count.state === 'starting' && Date.now() - startedAt.getTime() < posture.rollout.healthGrace;
    if (!wrong || !booting) count = countCheck(count, !wrong, healthCheck);
    complaint = wrong;
    served ||= count.state === 'healthy';
    changed(before);
  }
  const interval = () =>
    count.state === 'starting' ? Math.min(START_INTERVAL, healthCheck.interval) : healthCheck.interval;
  void every(interval, check);
  void every(
    () => HEALTH_INTERVAL,
    async () => {
      health = await readHealth(port, options.operatorToken, HEALTH_INTERVAL);
    },
  );

  const exited = child.exited.then(async (exit) => {
    ended.abort();
    health = undefined;
    await said;
    await log.close();
    enter('stopped');
    return exit;
  });

  return {
    id,
    role,
    port,
    pid: child.pid,
    startedAt,
    restarts: options.restarts,
    exited,
    get killAt() {
      return killAt;
    },
    get state() {
      return state();
    },
    get served() {
      return served;
    },
    get lastWords() {
      return lastWords;
    },
    takeovers: () => log.takeovers(),
    about: (updateId) => log.about(updateId),
    get complaint() {
      return complaint;
    },
    get health() {
      return health;
    },
    signal: (signal) => child.signal(signal),
    leave() {
      if (phase === 'serving') enter('draining');
    },
    async stop() {
      killAt ??= Date.now() + posture[role].stopTimeout;
      if (phase === 'serving') enter('draining');
      await endChild(child, 'SIGTERM', posture[role].stopTimeout);
      return exited;
    },
  };
}
