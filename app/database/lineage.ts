/**
 * Whether this is the database that people have accepted, or one that was put in its place: restored to an earlier point,
 * promoted, loaded from a dump. Whatever such a one is about to say or to pay may have been said and paid in the time that
 * it does not know: nothing goes out until a person has looked (fault restored-twice). The statements that claim a message
 * or a job ask in the same breath (`evenkeel.goes_out`), so no process acts on what it knew a moment ago; this here notices,
 * writes it down and tells.
 */
import type { Logger } from '../log.ts';
import { startLoop } from '../loop.ts';
import type { Pool } from './pool.ts';
import type { Tx } from './tx.ts';

/** Pause between two looks, ms. */
const LOOK = 2_000;

/** A place in the log that every server has passed. */
export const ANYWHERE = '0/0';

export interface Lineage {
  /** Why nothing goes out; undefined before the first look. Of this process, and so 2 s old. */
  held(): readonly string[] | undefined;
  /**
   * How far this process has seen the log of the accepted database on disk. A server that is behind it has lost something,
   * whatever it calls itself: a storage snapshot that was put back under the same name keeps its identifier and timeline.
   */
  seen(): string;
  /** Looks at once. */
  load(): Promise<void>;
  stop(): Promise<void>;
}

interface LineageOptions {
  /** A connection that is there anyway, with the name of the server in its session. */
  db: () => Pick<Pool, 'query'>;
  log: Logger;
}

interface Seen {
  why: string[];
  lsn: string;
  accepted: string;
  noted: boolean;
  /** Accepted since the last look. */
  fresh: boolean;
  behind: boolean;
}

/** lineage_pkey: its one row. */
const LOOK_AT = {
  name: 'look-at-lineage',
  text: `
    SELECT evenkeel.held() AS why, now.lsn::text AS lsn, l.accepted_at::text AS accepted, l.held_at IS NOT NULL AS noted,
           l.accepted_at > $2::timestamptz AS fresh, now.lsn < $1::pg_lsn AS behind
    FROM evenkeel.lineage AS l, (SELECT pg_current_wal_flush_lsn() AS lsn) AS now WHERE l.one`,
};

/** Once, and for all that come later: that the pulse stops here is only known before this worker's own. */
const NOTE = {
  name: 'note-held',
  text: `
    UPDATE evenkeel.lineage SET held_at = clock_timestamp(), held_why = $1, known_until = (SELECT max(seen_at) FROM evenkeel.pulse)
    WHERE one AND held_at IS NULL`,
};

export function startLineage({ db, log }: LineageOptions): Lineage {
  let accepted = '-infinity';
  let seen = ANYWHERE;
  let held: readonly string[] | undefined;

  async function look(): Promise<void> {
    const { rows } = await db().query<Seen>({ ...LOOK_AT, values: [seen, accepted] });
    const now = rows[0] ?? {
      why: ['nobody has accepted this database'],
      lsn: seen,
      fresh: false,
      behind: false,
      noted: true,
      accepted,
    };
    const lost = now.behind && !now.fresh;
    const why = lost ? [...now.why, `its log is at ${now.lsn}, and was seen at ${seen}: it has gone back`] : now.why;
    if (now.fresh) accepted = now.accepted;
    if (!lost) seen = now.lsn;
    if (why.length > 0 && !now.noted) await db().query({ ...NOTE, values: [why.join('; ')] });
    if (why.length > 0 && !(held && held.length > 0))
      log.error({ why }, 'held: this database was put back or replaced; nothing goes out until ops resume');
    if (why.length === 0 && held && held.length > 0) log.warn({ accepted }, 'resumed: what waited goes out');
    held = why;
  }
  const looking = startLoop({ name: 'lineage', every: LOOK, backoff: LOOK, log, turn: look });

  return { held: () => held, seen: () => seen, load: look, stop: () => looking.stop() };
}

/** Why nothing goes out, for who is asked; empty: everything does. */
export async function readHeld(db: Pick<Tx, 'query'>): Promise<string[]> {
  const { rows } = await db.query<{ why: string[] }>({ name: 'read-held', text: 'SELECT evenkeel.held() AS why' });
  return rows[0]!.why;
}

/** The name of the server, where the database has none yet and is otherwise as it was accepted: once, by the migration. */
export async function nameServer(owner: Pick<Pool, 'query'>, server: string): Promise<void> {
  await owner.query(
    'UPDATE evenkeel.lineage SET server = $1 WHERE one AND server IS NULL AND cardinality(evenkeel.held()) = 0',
    [server],
  );
}

/**
 * lineage_pkey. Whether it is held, or was accepted by a person at most so many ms ago: it may have been put back, and not
 * know what happened outside in the time that it has lost.
 */
export async function mayHaveForgotten(db: Pick<Tx, 'query'>, within: number): Promise<boolean> {
  const { rows } = await db.query<{ may: boolean }>({
    name: 'may-have-forgotten',
    text: `
      SELECT cardinality(evenkeel.held()) > 0 OR accepted_by <> 'migration' AND accepted_at > now() - $1 * interval '1 ms' AS may
      FROM evenkeel.lineage WHERE one`,
    values: [within],
  });
  return rows[0]!.may;
}
