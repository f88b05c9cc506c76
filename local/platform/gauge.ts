/** The database as the platform sees it from outside: sessions now, and the most that there may be. */
import pg from 'pg';

export interface ConnectionGauge {
  /** Client sessions at the last look, this gauge's own not counted; 0 while the database is away. */
  connections(): number;
  stop(): Promise<void>;
}

const LOOK_EVERY = 1000;
const SQL = `SELECT count(*)::int AS sessions FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`;

/** Looks once a second over one connection of the superuser's reserve, and connects again when it is lost. */
export function watchConnections(url: string): ConnectionGauge {
  let sessions = 0;
  let client: pg.Client | undefined;
  let stopped = false;

  async function look(): Promise<void> {
    try {
      client ??= await connect();
      const { rows } = await client.query<{ sessions: number }>(SQL);
      sessions = rows[0]!.sessions;
    } catch {
      sessions = 0;
      const broken = client;
      client = undefined;
      await broken?.end().catch(() => undefined);
    }
  }
  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000, query_timeout: 2000 });
    // A session that is cut shows at the next query.
    fresh.on('error', () => undefined);
    await fresh.connect();
    return fresh;
  }

  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(() => (stopped ? undefined : look()));
  }, LOOK_EVERY);
  return {
    connections: () => sessions,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await looking;
      await client?.end().catch(() => undefined);
    },
  };
}
