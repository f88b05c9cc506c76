/**
 * Who may do what, table by table; a table that is not named here is nobody's but the owner's. Web stores updates and
 * counts them, worker does the work, neither owns anything.
 */
const READ_WRITE = 'SELECT, INSERT, UPDATE, DELETE';
/** What is kept for ever. */
const CHANGED = 'SELECT, INSERT, UPDATE';
/** What is never changed: a mistake is mended by a further row. */
const APPENDED = 'SELECT, INSERT';

/** All of an update but what a person wrote and what became of it. Reading the key is also what ON CONFLICT needs. */
const NOT_CONTENT = 'bot_id, update_id, queue, lane, state, attempts, takeovers, received_at, settled_at';

interface Grant {
  web?: string;
  worker?: string;
}

/** Of the schema evenkeel. A table that a release drops stays here for as long as that release may be taken back. */
export const TABLES: Readonly<Record<string, Grant>> = {
  inbox: { web: `SELECT (${NOT_CONTENT}), INSERT`, worker: READ_WRITE },
  arrival: { web: 'INSERT', worker: READ_WRITE },
  lane: { web: 'SELECT, INSERT', worker: READ_WRITE },
  worker: { worker: READ_WRITE },
  pulse: { worker: READ_WRITE },
  message: { worker: READ_WRITE },
  rate: { worker: READ_WRITE },
  account: { worker: CHANGED },
  ledger_tx: { worker: APPENDED },
  ledger_entry: { worker: APPENDED },
  reserve: { worker: CHANGED },
};

export const SEQUENCES: Readonly<Record<string, Grant>> = { generation: { worker: 'USAGE' } };

/**
 * One string of statements, and so one transaction: whatever was granted before is taken back and what is written here
 * given, for the objects that are there, without a moment in between. Tasks that run keep their prepared statements.
 */
export function grantStatements(present: ReadonlySet<string>, pgboss: string): string {
  const of = (kind: 'TABLE' | 'SEQUENCE', grants: Readonly<Record<string, Grant>>) =>
    Object.entries(grants)
      .filter(([name]) => present.has(name))
      .flatMap(([name, grant]) => [
        `REVOKE ALL ON ${kind} evenkeel.${name} FROM web, worker;`,
        ...Object.entries(grant).map(
          ([role, what]) => `GRANT ${what as string} ON ${kind} evenkeel.${name} TO ${role};`,
        ),
      ]);
  return [
    'GRANT USAGE ON SCHEMA evenkeel TO web, worker;',
    ...of('TABLE', TABLES),
    ...of('SEQUENCE', SEQUENCES),
    `GRANT USAGE ON SCHEMA ${pgboss} TO web, worker;`,
    `GRANT SELECT ON ${pgboss}.job TO web;`,
    `GRANT ${READ_WRITE} ON ALL TABLES IN SCHEMA ${pgboss} TO worker;`,
    `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${pgboss} TO worker;`,
    `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${pgboss} TO worker;`,
  ].join('\n');
}
