/** A Redis that is as durable as PostgreSQL is by default: every write is on disk before it is answered. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../local/platform/ports.ts';
import type { Child, Stage } from './stage.ts';

export interface Redis extends Child {
  url: string;
}

/** Starts an empty one; undefined where the machine has none. */
export async function startRedis(stage: Stage): Promise<Redis | undefined> {
  const port = await freePort();
  const directory = await mkdtemp(join(stage.directory, 'redis-'));
  const options = ['--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'yes'];
  const child = await stage
    .spawn('redis-server', ['--port', String(port), ...options, '--appendfsync', 'always'])
    .catch(() => undefined);
  if (child === undefined) return undefined;
  return {
    pid: child.pid,
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      await child.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
