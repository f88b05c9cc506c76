/** A task's place, as an orchestrator keeps it: a process in it that is replaced when it ends, and a health check. */
import type { Owner } from '../../harness/cleanup.ts';
import type { TaskProcess } from '../../harness/task.ts';
import type { World } from '../../harness/world.ts';
import { freePort } from '../../../local/platform/ports.ts';

const CHECK_EVERY = 100;

export interface Slot {
  readonly name: string;
  readonly port: number;
  /** The process that is in it now; a stranger to signals meant for its predecessors. */
  readonly task: TaskProcess;
  readonly ready: boolean;
  /** Processes that were in it before. */
  readonly predecessors: TaskProcess[];
}

/** What one process is given before it starts, and told about once it has. */
export interface Equipment {
  env: Record<string, string>;
  started: (pid: number) => void;
}

/** Ends with `owner`, process and all. Each process that comes to the slot is equipped anew. */
export async function fillSlot(
  owner: Owner,
  world: World,
  role: 'web' | 'worker',
  name: string,
  equip: () => Promise<Equipment> = () => Promise.resolve({ env: {}, started: () => undefined }),
): Promise<Slot> {
  const port = await freePort();
  const predecessors: TaskProcess[] = [];
  let wanted = true;
  let ready = false;
  let replacing: Promise<void> = Promise.resolve();
  let task = await begin();

  async function begin(): Promise<TaskProcess> {
    const equipment = await equip();
    const started = await world.startTask(owner, role, { env: { ...equipment.env, PORT: String(port) } });
    equipment.started(started.pid);
    void started.exited.then(() => {
      ready = false;
      if (!wanted) return;
      predecessors.push(started);
      replacing = begin().then((next) => {
        task = next;
      });
    });
    return started;
  }

  async function check(): Promise<void> {
    ready = await fetch(`http://127.0.0.1:${port}/ready`, { signal: AbortSignal.timeout(1000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  }
  let checking: Promise<void> | undefined;
  const timer = setInterval(() => {
    checking ??= check().finally(() => (checking = undefined));
  }, CHECK_EVERY);
  owner.after(async () => {
    wanted = false;
    clearInterval(timer);
    await replacing;
    await checking;
  });

  return {
    name,
    port,
    predecessors,
    get task() {
      return task;
    },
    get ready() {
      return ready;
    },
  };
}
