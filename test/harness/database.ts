/** Migrated databases on one server: cloned from a template, so that each costs a copy and not a migration. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { numbers } from '../../app/database/pool.ts';
import type { DatabaseRole, Postgres } from '../../local/platform/postgres.ts';
import { TEMPLATE } from '../../scripts/test/cluster.ts';
import type { Undo } from './cleanup.ts';

export interface TestDatabase {
  readonly name: string;
  url(role?: DatabaseRole): string;
  /** Runs a statement as superuser on a connection that is always there. */
  sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Runs `work` as superuser in a transaction on a connection of its own. */
  transaction(work: (sql: (text: string) => Promise<unknown>) => Promise<void>): Promise<void>;
}

export async function freshDatabase(postgres: Postgres, undo: Undo, template = TEMPLATE): Promise<TestDatabase> {
  const name = `test_${randomBytes(5).toString('hex')}`;
  await once(postgres.url(), `CREATE DATABASE ${name} TEMPLATE ${template}`);
  return openDatabase(postgres, undo, name);
}

/** One that is there. */
export function openDatabase(postgres: Postgres, undo: Undo, name: string): TestDatabase {
  const url = (role: DatabaseRole = 'superuser') => postgres.url(role, name);
  const pool = new pg.Pool({ connectionString: url(), max: 2, application_name: 'test', types: numbers });
  // The tests cut connections on purpose.
  pool.on('error', () => undefined);
  undo(() => pool.end());
  return {
    name,
    url,
    sql: async <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
      (await pool.query<Row>(text, values)).rows,
    async transaction(work) {
      const client = new pg.Client({ connectionString: url(), application_name: 'test' });
      client.on('error', () => undefined);
      await client.connect();
      try {
        await client.query('BEGIN');
        await work((text) => client.query(text));
        await client.query('COMMIT');
      } finally {
        await client.end();
      }
    },
  };
}

/** One statement on a connection of its own. */
export async function once(connectionString: string, text: string): Promise<pg.QueryResultRow[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<pg.QueryResultRow>(text)).rows;
  } finally {
    await client.end();
  }
}
