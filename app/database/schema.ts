/** Brings the schema to what this release's files in `migrations/` say, each once and in the order of its number. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runner, type MigrationBuilder, type RunnerOption } from 'node-pg-migrate';
import type pg from 'pg';
import type { Logger } from '../log.ts';

const DIRECTORY = fileURLToPath(new URL('./migrations', import.meta.url));

type Loader = Extract<
  NonNullable<RunnerOption['migrationLoaderStrategies']>[number]['loader'],
  (...args: never) => unknown
>;

/** First words of a file whose statements run one by one, each on its own: `CREATE INDEX CONCURRENTLY` wants it so. */
const ONE_BY_ONE = '-- No transaction';

/** A semicolon that ends its line ends a statement; such a file has no function bodies. */
const statements = (sql: string): string[] => sql.split(/;$/m).filter((part) => /^\s*[A-Za-z]/m.test(part));

function actions(file: string, content: string) {
  const [, up, down] = content.split(/^-- (?:Up|Down) Migration$/m);
  if (up === undefined) throw new Error(`${file}: write "-- Up Migration" above its statements`);
  const run = (sql: string) => (builder: MigrationBuilder) => {
    if (!content.startsWith(ONE_BY_ONE)) {
      builder.sql(sql);
      return;
    }
    builder.noTransaction();
    for (const statement of statements(sql)) builder.sql(statement);
  };
  return { up: run(up), down: down === undefined ? (false as const) : run(down) };
}

const load: Loader = (paths) =>
  Promise.all(
    paths.map(async (path) => ({ id: path, filePaths: [path], actions: actions(path, await readFile(path, 'utf8')) })),
  );

/** Returns the names of the migrations that ran. What fails is rolled back, or, without a transaction, runs again. */
export async function bringUpToDate(client: pg.Client, log: Logger): Promise<string[]> {
  const ran = await runner({
    dbClient: client,
    dir: DIRECTORY,
    direction: 'up',
    migrationsTable: 'migration',
    migrationsSchema: 'evenkeel_migrations',
    createMigrationsSchema: true,
    migrationLoaderStrategies: [{ extensions: ['.sql'], loader: load }],
    logger: {
      debug: () => {},
      info: () => {},
      warn: (text: string) => {
        if (!/not wrapped in a transaction/.test(text)) log.warn(text);
      },
      error: (text: string) => log.error(text),
    },
  });
  return ran.map(({ name }) => name);
}
