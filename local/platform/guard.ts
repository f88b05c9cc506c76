/**
 * The guard: a process of its own that holds one end of a pipe. When this program dies, however it dies, the pipe
 * closes and the guard ends what was left running and removes what was not meant to stay.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Guard {
  readonly pid: number;
  /** The guard sends `signal` to this process when we die, and SIGKILL ten seconds later. */
  watch(pid: number, signal: NodeJS.Signals): void;
  release(pid: number): void;
  /** The guard removes this directory when we die, once the processes are gone. */
  removeAfterwards(directory: string): void;
  /** Ends the guard alone: it leaves everything as it is. */
  stop(): Promise<void>;
}

/** One line of the pipe. */
export type GuardMessage =
  | { watch: number; signal: NodeJS.Signals }
  | { release: number }
  | { remove: string }
  | { done: true };

export async function startGuard(): Promise<Guard> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('guard-process.ts', import.meta.url))], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  await once(child, 'spawn');
  const { stdin } = child;
  // A guard that somebody ended cannot protect any more, but must not take the program with it.
  stdin.on('error', () => undefined);
  const exited = once(child, 'exit');
  child.unref();
  const tell = (message: GuardMessage) => void stdin.write(`${JSON.stringify(message)}\n`);
  return {
    pid: child.pid!,
    watch: (pid, signal) => tell({ watch: pid, signal }),
    release: (pid) => tell({ release: pid }),
    removeAfterwards: (directory) => tell({ remove: directory }),
    async stop() {
      child.ref();
      tell({ done: true });
      stdin.end();
      await exited;
    },
  };
}
