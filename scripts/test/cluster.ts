/**
 * A server with a migrated database, made once for a whole run of tests: each file's own begins as a copy of it, which
 * costs a fifth of making one. A file that runs by itself makes its own.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../app/log.ts';
import { migrate } from '../../app/roles/migrate.ts';
import { startGuard } from '../../local/platform/guard.ts';
import { startPostgres, type Postgres } from '../../local/platform/postgres.ts';
import { resolve } from '../../posture/resolve.ts';
import type { Posture } from '../../posture/schema/index.ts';

/** The database that others are cloned from. */
export const TEMPLATE = 'migrated';

export async function prepareTemplate(postgres: Postgres, posture: Posture): Promise<void> {
  const url = await postgres.createDatabase(TEMPLATE);
  const env = { DATABASE_URL: url, ...postgres.migrationPasswords() };
  await migrate({ role: 'migrate', posture, env }, createLogger('migrate', 'fatal'));
}

/** The variable that names its directory to the files. */
export const CLUSTER = 'EVENKEEL_TEST_CLUSTER';

/** Removed when it is disposed of, and by its guard when this process dies. */
export interface Cluster extends AsyncDisposable {
  directory: string;
}

export async function prepareCluster(): Promise<Cluster> {
  const wanted = await mkdtemp(join(tmpdir(), 'evenkeel-cluster-'));
  // As root, PostgreSQL's user has to pass through it.
  await chmod(wanted, 0o755);
  const guard = await startGuard();
  guard.removeAfterwards(wanted);
  const posture = resolve({});
  const postgres = await startPostgres({ posture, directory: wanted, guard, keep: true, durable: false });
  const { directory } = postgres;
  guard.removeAfterwards(directory);
  const remove = async () => {
    for (const path of [directory, wanted]) await rm(path, { recursive: true, force: true, maxRetries: 5 });
    await guard.stop();
  };
  try {
    await prepareTemplate(postgres, posture);
    await postgres.stop('fast');
    return { directory, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await postgres.stop('immediate');
    await remove();
    throw error;
  }
}
