/** Broadcasts in SQL. Each statement names the index that it relies on. */
import type { Tx } from '../../database/tx.ts';
import type { Language } from '../../texts/index.ts';
import type { Audience, Category, Segment } from './audience.ts';
import type { Content } from './content.ts';

export type State = 'draft' | 'running' | 'paused' | 'stopped' | 'done' | 'cancelled';
export type Phase = 'prepare' | 'send' | 'edit';
/** What becomes of a recipient, beside waiting and being written to. */
export type Fate = 'sent' | 'unknown' | 'blocked' | 'gone' | 'failed';

export interface Broadcast extends Audience {
  id: number;
  botId: number;
  madeBy: number;
  state: State;
  phase: Phase;
  version: number;
  content: Content;
  revision: number;
  turn: number;
  why: string | null;
  recipients: number;
  sent: number;
  unknown: number;
  blocked: number;
  gone: number;
  failed: number;
  leftOut: number;
  edited: number;
  unedited: number;
}

const COLUMNS = `
  id, bot_id AS "botId", made_by AS "madeBy", state, phase, version, segment, language, category, content, revision, turn,
  why, recipients, sent, unknown, blocked, gone, failed, left_out AS "leftOut", edited, unedited`;

type Db = Pick<Tx, 'query'>;

/** The unique index of bot and update. A draft, once for the update that it came in. */
export async function draft(
  tx: Tx,
  { botId, madeBy, updateId, content }: { botId: number; madeBy: number; updateId: number; content: Content },
): Promise<Broadcast> {
  const { rows } = await tx.query<Broadcast & Record<string, unknown>>({
    name: 'draft-broadcast',
    text: `
      INSERT INTO evenkeel.broadcast AS b (bot_id, made_by, update_id, content) VALUES ($1, $2, $3, $4)
      ON CONFLICT (bot_id, update_id) DO UPDATE SET update_id = excluded.update_id RETURNING ${COLUMNS}`,
    values: [botId, madeBy, updateId, JSON.stringify(content)],
  });
  return rows[0]!;
}

/** broadcast_pkey. Whoever has its lock may change it. */
export async function lockBroadcast(tx: Tx, id: number): Promise<Broadcast | undefined> {
  const { rows } = await tx.query<Broadcast & Record<string, unknown>>({
    name: 'lock-broadcast',
    text: `SELECT ${COLUMNS} FROM evenkeel.broadcast WHERE id = $1 FOR UPDATE`,
    values: [id],
  });
  return rows[0];
}

/** broadcast_last. What was begun last, whatever became of it. */
export async function lastOf(db: Db, botId: number): Promise<Broadcast | undefined> {
  const { rows } = await db.query<Broadcast & Record<string, unknown>>({
    name: 'last-broadcast',
    text: `
      SELECT ${COLUMNS} FROM evenkeel.broadcast
      WHERE bot_id = $1 AND started_at IS NOT NULL ORDER BY started_at DESC LIMIT 1`,
    values: [botId],
  });
  return rows[0];
}

/** broadcast_running */
export async function isAnyRunning(tx: Tx, botId: number): Promise<boolean> {
  const { rows } = await tx.query({
    name: 'running-broadcast',
    text: `SELECT FROM evenkeel.broadcast WHERE bot_id = $1 AND state = 'running'`,
    values: [botId],
  });
  return rows.length > 0;
}

/** broadcast_pkey. What a person chose for a draft; its version grows. */
export async function choose(
  tx: Tx,
  id: number,
  { segment, language, category }: { segment: Segment; language: Language | null; category: Category },
): Promise<number> {
  const { rows } = await tx.query<{ version: number }>({
    name: 'choose-audience',
    text: `
      UPDATE evenkeel.broadcast SET segment = $2, language = $3, category = $4, version = version + 1
      WHERE id = $1 RETURNING version`,
    values: [id, segment, language, category],
  });
  return rows[0]!.version;
}

/** broadcast_pkey */
export async function discard(tx: Tx, id: number): Promise<void> {
  await tx.query({
    name: 'discard-broadcast',
    text: `DELETE FROM evenkeel.broadcast WHERE id = $1 AND state = 'draft'`,
    values: [id],
  });
}

interface Moved {
  state: State;
  turn: number;
  why?: string | null;
  phase?: Phase;
}

/** broadcast_pkey. Into another state, with a version of its own. */
export async function move(tx: Tx, id: number, { state, turn, why = null, phase }: Moved): Promise<Broadcast> {
  const { rows } = await tx.query<Broadcast & Record<string, unknown>>({
    name: 'move-broadcast',
    text: `
      UPDATE evenkeel.broadcast SET
        state = $2, turn = $3, why = $4, phase = coalesce($5, phase), version = version + 1,
        started_at = CASE WHEN $2 = 'running' THEN coalesce(started_at, now()) ELSE started_at END,
        going_since = CASE WHEN $2 = 'running' THEN now() ELSE going_since END,
        ended_at = CASE WHEN $2 IN ('done', 'cancelled') THEN now() END
      WHERE id = $1 RETURNING ${COLUMNS}`,
    values: [id, state, turn, why, phase ?? null],
  });
  return rows[0]!;
}

/** broadcast_pkey. Its text from now on, for those who got it and those who still will. */
export async function changeText(tx: Tx, id: number, content: Content): Promise<void> {
  await tx.query({
    name: 'change-broadcast',
    text: `
      UPDATE evenkeel.broadcast SET content = $2, revision = revision + 1, edited = 0, unedited = 0 WHERE id = $1`,
    values: [id, JSON.stringify(content)],
  });
}

/** broadcast_pkey, lineage_pkey. Whether the database was put back since it was begun or gone on with. */
export async function wasPutBack(tx: Tx, id: number): Promise<boolean> {
  const { rows } = await tx.query({
    name: 'broadcast-put-back',
    text: `
      SELECT FROM evenkeel.broadcast AS b, evenkeel.lineage AS l
      WHERE b.id = $1 AND l.one AND b.going_since < l.accepted_at`,
    values: [id],
  });
  return rows.length > 0;
}

/** The book of what people do by hand. */
export async function auditBroadcast(
  tx: Tx,
  { by, botId, verb, id, detail }: { by: string; botId: number; verb: string; id: number; detail?: object },
): Promise<void> {
  await tx.query({
    name: 'audit-broadcast',
    text: 'INSERT INTO evenkeel.audit (who, via, verb, target, detail) VALUES ($1, $2, $3, $4, $5)',
    values: [by, `bot ${botId}`, `broadcast ${verb}`, `broadcast:${id}`, detail ? JSON.stringify(detail) : null],
  });
}

/** broadcast_pkey. The number of its next job. */
export async function nextTurn(tx: Tx, id: number): Promise<number> {
  const { rows } = await tx.query<{ turn: number }>({
    name: 'next-turn',
    text: 'UPDATE evenkeel.broadcast SET turn = turn + 1 WHERE id = $1 RETURNING turn',
    values: [id],
  });
  return rows[0]!.turn;
}
