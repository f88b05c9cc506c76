/** Downloads in SQL. Each statement names the index that it relies on. Whoever changes one has locked its row before. */
import type { Tx } from '../../database/tx.ts';

export const QUALITIES = ['best', 'small', 'sound'] as const;
export type Quality = (typeof QUALITIES)[number];

type State = 'ordered' | 'fetching' | 'sending' | 'sent' | 'failed' | 'cancelled';

export interface Download {
  id: number;
  userId: number;
  /** Null: it is over, or is to be forgotten. */
  link: string | null;
  quality: Quality;
  state: State;
  percent: number;
  leaves: number;
  /** By the database's clock: its deadline is over. */
  late: boolean;
}

/** Its name everywhere else. */
export const causeOf = (id: number): string => `download:${id}`;

export const isOver = ({ state }: Pick<Download, 'state'>): boolean =>
  state === 'sent' || state === 'failed' || state === 'cancelled';

interface Order {
  botId: number;
  userId: number;
  link: string;
  quality: Quality;
  perDay: number;
  open: number;
  /** ms */
  deadline: number;
}

/** Why it is not taken: this person has had as many as may be, or has one under way; all people have. */
export type NotTaken = 'quota' | 'running' | 'busy';

/** download_person. Downloads that somebody has had in the last 24 hours, or has under way: no more than `most` are counted. */
export async function hadToday(
  db: Pick<Tx, 'query'>,
  { botId, userId }: Pick<Order, 'botId' | 'userId'>,
  most: number,
): Promise<number> {
  const { rows } = await db.query<{ had: number }>({
    name: 'downloads-today',
    text: `
      SELECT count(*)::int AS had FROM (
        SELECT FROM evenkeel.download
        WHERE bot_id = $1 AND user_id = $2 AND ordered_at > now() - interval '24 h' AND state NOT IN ('failed', 'cancelled')
        LIMIT $3
      ) AS today`,
    values: [botId, userId, most],
  });
  return rows[0]!.had;
}

/** download_person, download_open, download_one. Those who order in the same moment may be a few more than `open`. */
export async function orderDownload(tx: Tx, order: Order): Promise<{ id: number } | NotTaken> {
  const { botId, userId, link, quality, perDay, open, deadline } = order;
  if ((await hadToday(tx, order, perDay)) >= perDay) return 'quota';
  const { rows } = await tx.query<{ full: boolean }>({
    name: 'downloads-open',
    text: `
      SELECT count(*) >= $2 AS full FROM (
        SELECT FROM evenkeel.download WHERE bot_id = $1 AND ended_at IS NULL LIMIT $2
      ) AS under_way`,
    values: [botId, open],
  });
  if (rows[0]!.full) return 'busy';
  const made = await tx.query<{ id: number }>({
    name: 'order-download',
    text: `
      INSERT INTO evenkeel.download (bot_id, user_id, link, quality, deadline_at)
      VALUES ($1, $2, $3, $4, now() + $5::float8 * interval '1 ms')
      ON CONFLICT (bot_id, user_id) WHERE ended_at IS NULL DO NOTHING
      RETURNING id::float8 AS id`,
    values: [botId, userId, link, quality, deadline],
  });
  return made.rows[0] ?? 'running';
}

/** download_pkey. Locks it until the transaction ends. */
export async function lockDownload(tx: Tx, botId: number, id: number): Promise<Download | undefined> {
  const { rows } = await tx.query<Omit<Download, 'id'>>({
    name: 'lock-download',
    text: `
      SELECT user_id::float8 AS "userId", link, quality, state, percent, leaves, deadline_at < now() AS late
      FROM evenkeel.download WHERE id = $2 AND bot_id = $1 FOR NO KEY UPDATE`,
    values: [botId, id],
  });
  return rows[0] && { ...rows[0], id };
}

type Changed = Partial<Pick<Download, 'state' | 'percent' | 'leaves'>>;

/** download_pkey */
export async function changeDownload(tx: Tx, { id }: Pick<Download, 'id'>, changed: Changed): Promise<void> {
  const { state = null, percent = null, leaves = null } = changed;
  await tx.query({
    name: 'change-download',
    text: `
      UPDATE evenkeel.download SET state = coalesce($2, state), percent = coalesce($3, percent), leaves = coalesce($4, leaves)
      WHERE id = $1`,
    values: [id, state, percent, leaves],
  });
}

/** download_pkey. Nobody needs its link any more. */
export async function endDownload(
  tx: Tx,
  { id }: Pick<Download, 'id'>,
  state: 'sent' | 'failed' | 'cancelled',
  reason: string | null,
): Promise<void> {
  await tx.query({
    name: 'end-download',
    text: `UPDATE evenkeel.download SET state = $2, reason = $3, link = NULL, ended_at = now() WHERE id = $1`,
    values: [id, state, reason],
  });
}

/** download_open. Locks some that should have ended so long ago (ms), the oldest first. */
export async function overdueDownloads(tx: Tx, botId: number, grace: number, limit: number): Promise<number[]> {
  const { rows } = await tx.query<{ id: number }>({
    name: 'overdue-downloads',
    text: `
      SELECT id::float8 AS id FROM evenkeel.download
      WHERE bot_id = $1 AND ended_at IS NULL AND deadline_at < now() - $2::float8 * interval '1 ms'
      ORDER BY deadline_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED`,
    values: [botId, grace, limit],
  });
  return rows.map(({ id }) => id);
}
