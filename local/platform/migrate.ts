/** The migration: one process of the app that runs to its end before any task starts. */
import { once } from 'node:events';
import { join } from 'node:path';
import { COMPILE_CACHE } from './compile-cache.ts';
import type { Guard } from './guard.ts';
import { describeExit, startChild } from './process.ts';
import { notable, openTaskLog } from './task-log.ts';

export interface MigrateOptions {
  app: string;
  /** With the superuser's DATABASE_URL, and `…_DATABASE_PASSWORD` for each role. */
  env: Readonly<Record<string, string>>;
  logs: string;
  guard: Guard;
  signal?: AbortSignal;
}

/** @throws with the last lines of its log when it fails */
export async function migrate({ app, env, logs, guard, signal }: MigrateOptions): Promise<void> {
  const child = await startChild(process.execPath, [app, 'migrate'], {
    guard,
    lastSignal: 'SIGKILL',
    env: { ...COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = openTaskLog(join(logs, 'migrate.log'), () => undefined);
  log.follow(child.process.stdout!);
  log.follow(child.process.stderr!);
  const closed = once(child.process, 'close');
  const stop = () => child.signal('SIGKILL');
  signal?.addEventListener('abort', stop);
  const exit = await child.exited;
  signal?.removeEventListener('abort', stop);
  await closed;
  await log.close();
  signal?.throwIfAborted();
  if (exit.code === 0) return;
  const said = log.tail().flatMap((line) => notable(line) ?? []);
  const lines = said.map((line) => `\n  ${line}`).join('');
  throw new Error(`the migration failed (${describeExit(exit)})${lines && `, saying:${lines}`}`);
}
