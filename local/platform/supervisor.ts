/** Keeps the declared number of tasks running, as ECS does: replaces what ends or fails its health checks, rolls, drains. */
import { setTimeout as sleep } from 'node:timers/promises';
import { heapLimit, MiB, ROLES, type OfRoles, type Role } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import type { TaskView } from '../contract/index.ts';
import type { Guard } from './guard.ts';
import { freePort } from './ports.ts';
import { describeExit, type Exit } from './process.ts';
import { restartDelay, type Backoff } from './restart-delay.ts';
import { emptySlot, notReady, viewOf, type Slot } from './slot.ts';
import { startTask, type Task } from './task.ts';

export interface SupervisorOptions {
  posture: Posture;
  /** Tasks of each role. */
  roles: Readonly<OfRoles<number>>;
  /** What a task of a role is given, beside its PORT. */
  env: (role: Role) => Readonly<Record<string, string>>;
  operatorToken: string;
  /** Directory of the log files. */
  logs: string;
  guard: Guard;
  say: (line: string) => void;
  /** The script that is the app; it gets the role as its argument. */
  app: string;
  /** Pauses between the starts of a task that keeps crashing. */
  backoff?: Backoff;
  /** Called whenever a task appeared, changed its state or went. */
  onChange?: (tasks: readonly Task[]) => void;
  /** Resolves when a task that leaves has no more requests, or its deregistration delay is over. */
  deregister?: (task: Task) => Promise<void>;
}

export interface Supervisor {
  tasks(): readonly Task[];
  views(): TaskView[];
  /** The last lines of logs that name this update, also of tasks that are gone. */
  takeovers(): number[];
  about(updateId: number): { task: string; line: string }[];
  /** Resolves when each wanted task of the role is healthy; rejects when `within` ms pass first or one keeps crashing. */
  ready(role: Role, within: number, signal?: AbortSignal): Promise<void>;
  /** Rolling: a new task becomes healthy before the old one is asked to leave. */
  replace(taskId: string): Promise<void>;
  /** SIGTERM is a stop with its deadline and a successor at once; the others go to the process as they are. */
  kill(taskId: string, signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Drains all tasks of a role: out of service, SIGTERM, and SIGKILL after stopTimeout. They are not replaced. */
  stopRole(role: Role): Promise<void>;
  stopAll(): Promise<void>;
  /** SIGKILL to all, now. */
  endAll(): Promise<void>;
}

/** A task that ends this often before it was ever healthy will not become so by waiting. */
const CRASHES_AT_START = 3;
/** A task that served this long, ms, did not end because of how it was started. */
const STEADY = 5000;
/** Tasks whose logs are at hand. */
const KNOWN = 40;
const CRASH_LOOP: Backoff = { first: 1000, max: 30_000 };

/** Starts the tasks of all roles; they become healthy by and by, see `ready`. */
export async function superviseTasks(options: SupervisorOptions): Promise<Supervisor> {
  const { posture } = options;
  const slots = ROLES.flatMap((role) =>
    Array.from({ length: options.roles[role] ?? 0 }, (_, index) => emptySlot(role, index + 1)),
  );
  const leaving = new Map<Task, Slot>();
  const stopping = new Set<Role>();
  const cancelled = new AbortController();

  /** Of which the logs are kept at hand: those that run, and the last that ended. */
  const known: Task[] = [];

  const tasks = () => [...slots.flatMap((slot) => slot.current ?? []), ...leaving.keys()];
  const changed = () => options.onChange?.(tasks());

  async function begin(slot: Slot): Promise<Task> {
    slot.starts++;
    const megabytes = heapLimit(posture, slot.role) / MiB;
    const task: Task = await startTask({
      id: slot.starts === 1 ? slot.name : `${slot.name}-${slot.starts}`,
      restarts: slot.starts - 1,
      role: slot.role,
      port: await freePort(),
      posture,
      command: [process.execPath, `--max-old-space-size=${megabytes}`, options.app, slot.role],
      env: options.env(slot.role),
      operatorToken: options.operatorToken,
      logs: options.logs,
      guard: options.guard,
      say: options.say,
      onChange: () => {
        changed();
        if (task.state === 'unhealthy') retireUnhealthy(slot, task);
      },
    });
    return task;
  }

  function settle(slot: Slot, task: Task): void {
    slot.current = task;
    known.push(task);
    if (known.length > KNOWN) known.splice(0, known.length - KNOWN);
    changed();
    void task.exited.then((exit) => {
      if (slot.current === task) lost(slot, task, exit);
    });
  }

  /** A task ended that nobody had asked to. */
  function lost(slot: Slot, task: Task, exit: Exit): void {
    slot.current = undefined;
    slot.previous = task;
    slot.lastExit = describeExit(exit);
    changed();
    void options.deregister?.(task);
    const lived = Date.now() - task.startedAt.getTime();
    if (task.served && lived > STEADY) slot.crashes = 0;
    const delay = restartDelay(slot.crashes++, options.backoff ?? CRASH_LOOP);
    if (stopping.has(slot.role)) return;
    options.say(`${task.id} ended (${slot.lastExit}); ${delay ? `next start in ${delay / 1000} s` : 'starting anew'}`);
    refill(slot, delay);
  }

  function refill(slot: Slot, delay = 0): void {
    void sleep(delay, undefined, { signal: cancelled.signal })
      .then(async () => {
        if (stopping.has(slot.role) || slot.current) return;
        const task = await begin(slot);
        // While the process started, the role may have been stopped, or a rolling replacement have come first.
        if (stopping.has(slot.role) || slot.current) await retire(slot, task);
        else settle(slot, task);
      })
      .catch((error: unknown) => {
        if (!cancelled.signal.aborted) options.say(`${slot.name} cannot be started: ${(error as Error).message}`);
      });
  }

  /** Takes a task out of its place and ends it; `gentle` lets the front door finish with it first. */
  async function retire(slot: Slot, task: Task, gentle = false): Promise<void> {
    if (slot.current === task) slot.current = undefined;
    slot.previous = task;
    leaving.set(task, slot);
    task.leave();
    changed();
    const deregistered = options.deregister?.(task);
    if (gentle) await deregistered;
    slot.lastExit = describeExit(await task.stop());
    await deregistered;
    leaving.delete(task);
    changed();
  }

  /** ECS ignores health checks of a new task until its grace is over; the front door does not. */
  function retireUnhealthy(slot: Slot, task: Task): void {
    const left = posture.rollout.healthGrace - (Date.now() - task.startedAt.getTime());
    if (left > 0) {
      const again = () => {
        if (slot.current === task && task.state === 'unhealthy') retireUnhealthy(slot, task);
      };
      void sleep(left, undefined, { signal: cancelled.signal, ref: false }).then(again, () => undefined);
      return;
    }
    if (slot.current !== task) return;
    options.say(`${task.id} is unhealthy (${task.complaint}); replacing it`);
    void retire(slot, task).then(() => (slot.lastExit = `unhealthy: ${task.complaint}`));
    refill(slot);
  }

  function find(taskId: string): { slot: Slot; task: Task } {
    const slot = slots.find(({ current }) => current?.id === taskId);
    if (slot?.current) return { slot, task: slot.current };
    const known = slots.flatMap(({ current }) => current?.id ?? []).join(', ');
    throw new Error(`no task "${taskId}" runs; running: ${known || 'none'}`);
  }

  async function untilHealthy(task: Task, within: number): Promise<boolean> {
    const deadline = Date.now() + within;
    while (task.state === 'starting' || task.state === 'unhealthy') {
      if (Date.now() > deadline) return false;
      await sleep(20);
    }
    return task.state === 'healthy';
  }

  async function replace(taskId: string): Promise<void> {
    const { slot, task } = find(taskId);
    const successor = await begin(slot);
    leaving.set(successor, slot);
    changed();
    const within = posture.rollout.healthGrace + posture.ingress.healthCheck.interval;
    const healthy = await untilHealthy(successor, within);
    leaving.delete(successor);
    if (!healthy || stopping.has(slot.role)) {
      await retire(slot, successor);
      throw new Error(`${taskId} stays: its successor was not healthy within ${within / 1000} s (${slot.lastExit})`);
    }
    const old = slot.current;
    settle(slot, successor);
    if (old) await retire(slot, old, true);
    else await task.exited;
  }

  async function stopRole(role: Role): Promise<void> {
    stopping.add(role);
    const mine = slots.filter((slot) => slot.role === role);
    await Promise.all([
      ...mine.map(async (slot) => slot.current && retire(slot, slot.current, true)),
      ...[...leaving.keys()].filter((task) => task.role === role).map((task) => task.stop()),
    ]);
  }

  async function endAll(): Promise<void> {
    for (const role of ROLES) stopping.add(role);
    cancelled.abort();
    await Promise.all(
      tasks().map((task) => {
        task.signal('SIGKILL');
        return task.exited;
      }),
    );
  }

  try {
    for (const slot of slots) settle(slot, await begin(slot));
  } catch (error) {
    await endAll();
    throw error;
  }

  return {
    tasks,
    views: () => [
      ...slots.flatMap((slot) => {
        const shown = slot.current ?? slot.previous;
        return shown && !leaving.has(shown) ? viewOf(shown, slot) : [];
      }),
      ...[...leaving].map(([task, slot]) => viewOf(task, slot)),
    ],
    takeovers: () => known.flatMap((task) => task.takeovers()),
    about: (updateId) => known.flatMap((task) => task.about(updateId).map((line) => ({ task: task.id, line }))),
    async ready(role, within, signal) {
      const deadline = Date.now() + within;
      const mine = slots.filter((slot) => slot.role === role);
      while (!mine.every(({ current }) => current?.state === 'healthy')) {
        signal?.throwIfAborted();
        const broken = mine.filter(({ crashes, previous }) => crashes >= CRASHES_AT_START && !previous?.served);
        if (broken.length > 0) throw notReady(broken, `crashed ${CRASHES_AT_START} times`);
        const late = mine.filter(({ current }) => current?.state !== 'healthy');
        if (Date.now() > deadline) throw notReady(late, `not healthy within ${within / 1000} s`);
        await sleep(20);
      }
    },
    replace,
    kill(taskId, signal) {
      const { slot, task } = find(taskId);
      if (signal !== 'SIGTERM') return task.signal(signal);
      void retire(slot, task);
      refill(slot);
    },
    stopRole,
    async stopAll() {
      await Promise.all(ROLES.map(stopRole));
      cancelled.abort();
    },
    endAll,
  };
}
