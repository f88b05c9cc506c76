/** Renders in SQL. Each statement names the index that it relies on. Whoever changes one has locked its row before. */
import { bigints } from '../../database/pool.ts';
import type { Tx } from '../../database/tx.ts';
import type { RenderKind } from '../../providers/novita.ts';

type RenderState =
  | 'wanted'
  | 'ordered'
  | 'submitting'
  | 'submitted'
  | 'rendered'
  | 'delivering'
  | 'delivered'
  | 'failed'
  | 'cancelled';

export interface Render {
  id: number;
  userId: number;
  kind: RenderKind;
  /** What is rendered for it now. */
  makes: RenderKind;
  prompt: string | null;
  price: bigint;
  state: RenderState;
  tries: number;
  task: string | null;
  looks: number;
  missed: number;
  percent: number;
  result: string | null;
  deliveries: number;
  /** By the database's clock: its deadline is over. */
  late: boolean;
  /** Since the last submission, ms; 0 where there was none. */
  since: number;
}

/** Key of its reserve, and of all that is said of it. */
export const causeOf = (id: number): string => `render:${id}`;

export const isOver = ({ state }: Pick<Render, 'state'>): boolean =>
  state === 'delivered' || state === 'failed' || state === 'cancelled';

/** The predicate of render_one, as it is written there. */
const UNDER_WAY = `state IN ('ordered', 'submitting', 'submitted', 'rendered', 'delivering')`;

interface Order {
  botId: number;
  userId: number;
  kind: RenderKind;
  prompt: string;
  price: bigint;
  /** ms */
  deadline: number;
  /** Renders of all people under way at once. */
  atOnce: number;
}

/**
 * render_open, render_one. `running`: this person has one under way. `busy`: all people together have as many as may be;
 * those who order in the same moment may be a few more.
 */
export async function orderRender(tx: Tx, order: Order): Promise<{ id: number } | 'running' | 'busy'> {
  const { botId, userId, kind, prompt, price, deadline, atOnce } = order;
  const { rows } = await tx.query<{ full: boolean }>({
    name: 'renders-at-once',
    text: `
      SELECT count(*) >= $2 AS full FROM (
        SELECT FROM evenkeel.render WHERE bot_id = $1 AND ended_at IS NULL AND state <> 'wanted' LIMIT $2
      ) AS under_way`,
    values: [botId, atOnce],
  });
  if (rows[0]!.full) return 'busy';
  const made = await tx.query<{ id: number }>({
    name: 'order-render',
    text: `
      INSERT INTO evenkeel.render (bot_id, user_id, kind, makes, prompt, price, state, deadline_at)
      VALUES ($1, $2, $3, $3, $4, $5, 'ordered', now() + $6 * interval '1 ms')
      ON CONFLICT (bot_id, user_id) WHERE ${UNDER_WAY} DO NOTHING
      RETURNING id::float8 AS id`,
    values: [botId, userId, kind, prompt.replaceAll('\u0000', '').toWellFormed(), price, deadline],
  });
  return made.rows[0] ?? 'running';
}

/** render_pkey. Locks it until the transaction ends. */
export async function lockRender(tx: Tx, botId: number, id: number): Promise<Render | undefined> {
  const { rows } = await tx.query<Omit<Render, 'id'> & { user: string }>({
    name: 'lock-render',
    text: `
      SELECT user_id::text AS user, kind, makes, prompt, price, state, tries, task, looks, missed, percent, result, deliveries,
        deadline_at < now() AS late,
        coalesce(extract(epoch FROM now() - submitted_at) * 1000, 0)::float8 AS since
      FROM evenkeel.render WHERE id = $2 AND bot_id = $1 FOR NO KEY UPDATE`,
    values: [botId, id],
    types: bigints,
  });
  const [row] = rows;
  if (!row) return undefined;
  const { user, ...rest } = row;
  return { ...rest, id, userId: Number(user) };
}

type Changed = Partial<
  Pick<Render, 'state' | 'makes' | 'tries' | 'task' | 'looks' | 'missed' | 'percent' | 'result' | 'deliveries'>
> &
  Partial<{
    /** When it was submitted: now. */
    submitted: boolean;
    /** From now, ms. */
    deadline: number;
    /** It ends. Nobody needs its words any more. */
    ended: string | null;
  }>;

/** What each of {@link Changed} sets; only what is named here is ever written. */
const SETS: Record<keyof Changed, (value: string) => string> = {
  state: (value) => `state = ${value}`,
  makes: (value) => `makes = ${value}`,
  tries: (value) => `tries = ${value}`,
  task: (value) => `task = ${value}`,
  looks: (value) => `looks = ${value}`,
  missed: (value) => `missed = ${value}`,
  percent: (value) => `percent = ${value}`,
  result: (value) => `result = ${value}`,
  deliveries: (value) => `deliveries = ${value}`,
  submitted: (value) => `submitted_at = CASE WHEN ${value}::boolean THEN now() END`,
  deadline: (value) => `deadline_at = now() + ${value}::float8 * interval '1 ms'`,
  ended: (value) => `reason = ${value}, ended_at = now(), prompt = NULL, result = NULL`,
};

/** render_pkey */
export async function changeRender(tx: Tx, { id }: Pick<Render, 'id'>, changed: Changed): Promise<void> {
  const keys = Object.keys(changed) as (keyof Changed)[];
  const sets = keys.map((key, index) => SETS[key](`$${index + 2}`));
  await tx.query({
    text: `UPDATE evenkeel.render SET ${sets.join(', ')} WHERE id = $1`,
    values: [id, ...keys.map((key) => changed[key])],
  });
}

/** render_submitted. Whether another one may be begun now: what Novita bears a minute is shared by all tasks. */
export async function mayBegin(tx: Tx, botId: number, perMinute: number): Promise<boolean> {
  const { rows } = await tx.query<{ room: boolean }>({
    name: 'renders-a-minute',
    text: `
      SELECT count(*) < $2 AS room FROM (
        SELECT FROM evenkeel.render WHERE bot_id = $1 AND submitted_at > now() - interval '1 minute' LIMIT $2
      ) AS begun`,
    values: [botId, perMinute],
  });
  return rows[0]!.room;
}

/** render_one. Whether this person has another one under way. */
export async function hasAnother(
  tx: Tx,
  botId: number,
  { id, userId }: Pick<Render, 'id' | 'userId'>,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'another-render',
    text: `SELECT FROM evenkeel.render WHERE bot_id = $1 AND user_id = $2 AND id <> $3 AND ${UNDER_WAY}`,
    values: [botId, userId, id],
  });
  return rowCount !== 0;
}

/** render_open. Locks some that should have ended so long ago (ms), the oldest first. */
export async function overdueRenders(tx: Tx, botId: number, grace: number, limit: number): Promise<number[]> {
  const { rows } = await tx.query<{ id: number }>({
    name: 'overdue-renders',
    text: `
      SELECT id::float8 AS id FROM evenkeel.render
      WHERE bot_id = $1 AND ended_at IS NULL AND deadline_at < now() - $2::float8 * interval '1 ms'
      ORDER BY deadline_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED`,
    values: [botId, grace, limit],
  });
  return rows.map(({ id }) => id);
}
