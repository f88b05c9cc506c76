/** Child processes that are known to the guard, end when told, and say in plain words how they ended. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Guard } from './guard.ts';

/** How a process ended. Exactly one of the two is set. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
  /** False once the process has ended. */
  readonly running: boolean;
  /** Sends a signal; does nothing when the process has ended. */
  signal(signal: NodeJS.Signals): void;
}

export interface ChildOptions extends SpawnOptions {
  guard: Guard;
  /** What the guard sends when this program dies without having ended the child. */
  lastSignal: NodeJS.Signals;
}

/**
 * Starts a program in a session of its own, so that Ctrl-C in the terminal reaches only the one who decides the order
 * in which things end.
 * @throws when the program cannot be started
 */
export async function startChild(
  program: string,
  args: readonly string[],
  { guard, lastSignal, ...options }: ChildOptions,
): Promise<Child> {
  const child = spawn(program, args, { ...options, detached: true });
  let running = true;
  const exited = new Promise<Exit>((done) => {
    child.once('exit', (code, signal) => {
      running = false;
      guard.release(child.pid!);
      done({ code, signal });
    });
  });
  await once(child, 'spawn');
  guard.watch(child.pid!, lastSignal);
  return {
    pid: child.pid!,
    process: child,
    exited,
    get running() {
      return running;
    },
    signal(signal) {
      if (running) child.kill(signal);
    },
  };
}

/** Asks a process to end and, when it has not within `timeout` ms, ends it. */
export async function endChild(child: Child, polite: NodeJS.Signals, timeout: number): Promise<Exit> {
  child.signal(polite);
  const timer = setTimeout(() => child.signal('SIGKILL'), timeout);
  try {
    return await child.exited;
  } finally {
    clearTimeout(timer);
  }
}

/** "exit code 1" or "SIGKILL". */
export const describeExit = ({ code, signal }: Exit): string => signal ?? `exit code ${code}`;

/** Whether a process runs; one that ended and that nobody has collected (a zombie) does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
