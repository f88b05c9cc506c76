/** The program of the guard; see guard.ts. Reads messages until its standard input closes. */
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuardMessage } from './guard.ts';
import { isRunning } from './process.ts';

const GRACE = 10_000;
const LOOK_EVERY = 20;

const watched = new Map<number, NodeJS.Signals>();
const directories = new Set<string>();
let done = false;

function note(message: GuardMessage): void {
  if ('watch' in message) watched.set(message.watch, message.signal);
  else if ('release' in message) watched.delete(message.release);
  else if ('remove' in message) directories.add(message.remove);
  else done = true;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
    // A stopped process takes any signal but SIGKILL only once it goes on.
    process.kill(pid, 'SIGCONT');
  } catch {
    // It has ended meanwhile.
  }
}

async function endAll(): Promise<void> {
  for (const [pid, signal] of watched) send(pid, signal);
  const deadline = Date.now() + GRACE;
  const left = () => [...watched.keys()].filter(isRunning);
  while (left().length > 0 && Date.now() < deadline) await sleep(LOOK_EVERY);
  for (const pid of left()) send(pid, 'SIGKILL');
  for (const directory of directories) await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

// The terminal's signals are for the one who holds the pipe.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
for await (const line of createInterface({ input: process.stdin })) note(JSON.parse(line) as GuardMessage);
if (!done) await endAll();
