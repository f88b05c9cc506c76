/** Rows of accesses. Their lock comes after that of an order and of a payment, and before that of an account. */
import { bigints } from '../../database/pool.ts';
import type { Tx } from '../../database/tx.ts';
import type { AccessState } from './states.ts';

export interface Access {
  botId: number;
  userId: number;
  state: AccessState;
  plan: string;
  /** What the next period costs. */
  credits: bigint;
  /** ms */
  period: number;
  until: Date;
  graceUntil: Date | null;
  trialAt: Date | null;
  version: number;
  synced: number;
  link: string | null;
  failedFor: Date | null;
  /** By the clock of the database. */
  now: Date;
}

type Row = Omit<Access, 'userId' | 'botId' | 'period' | 'version' | 'synced'> & {
  bot: string;
  user: string;
  period: bigint;
  version: number;
  synced: number;
} & Record<string, unknown>;

export const COLUMNS = `
  bot_id::text AS bot, user_id::text AS user, state, plan, credits, period, until, grace_until AS "graceUntil",
  trial_at AS "trialAt", version, synced, link, failed_for AS "failedFor", now() AS now`;

export const accessFrom = ({ bot, user, period, ...row }: Row): Access => ({
  ...(row as unknown as Access),
  botId: Number(bot),
  userId: Number(user),
  period: Number(period),
});

/** access_pkey */
export async function accessOf(db: Pick<Tx, 'query'>, botId: number, userId: number): Promise<Access | undefined> {
  const { rows } = await db.query<Row>({
    name: 'access-of',
    text: `SELECT ${COLUMNS} FROM evenkeel.access WHERE bot_id = $1 AND user_id = $2`,
    values: [botId, userId],
    types: bigints,
  });
  return rows[0] && accessFrom(rows[0]);
}

/** access_pkey */
export async function lockAccess(tx: Tx, botId: number, userId: number): Promise<Access | undefined> {
  const { rows } = await tx.query<Row>({
    name: 'lock-access',
    text: `SELECT ${COLUMNS} FROM evenkeel.access WHERE bot_id = $1 AND user_id = $2 FOR NO KEY UPDATE`,
    values: [botId, userId],
    types: bigints,
  });
  return rows[0] && accessFrom(rows[0]);
}

export interface Begun {
  botId: number;
  userId: number;
  state: 'trial' | 'active';
  plan: string;
  credits: bigint;
  /** ms */
  period: number;
  /** From now on, ms. */
  lasts: number;
}

/** access_pkey. @returns undefined where there is one already */
export async function beginAccess(tx: Tx, begun: Begun): Promise<Access | undefined> {
  const { botId, userId, state, plan, credits, period, lasts } = begun;
  const { rows } = await tx.query<Row>({
    name: 'begin-access',
    text: `
      INSERT INTO evenkeel.access (bot_id, user_id, state, plan, credits, period, until, trial_at)
      -- In whole milliseconds, as it is read here: an end is compared with what was told and asked of it.
      VALUES ($1, $2, $3, $4, $5, $6, date_trunc('milliseconds', now()) + $7 * interval '1 ms', CASE WHEN $3 = 'trial' THEN now() END)
      ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
    values: [botId, userId, state, plan, credits, period, lasts],
    types: bigints,
  });
  return rows[0] && accessFrom(rows[0]);
}

type Change = Partial<Pick<Access, 'state' | 'plan' | 'credits' | 'period' | 'until' | 'graceUntil' | 'failedFor'>>;

/**
 * access_pkey. Under the lock. `resync`: the provider should have something else from now on.
 */
export async function changeAccess(tx: Tx, before: Access, to: Change, { resync = false } = {}): Promise<Access> {
  const after = { ...before, ...to, version: before.version + (resync ? 1 : 0) };
  await tx.query({
    name: 'change-access',
    text: `
      UPDATE evenkeel.access
      SET state = $3, plan = $4, credits = $5, period = $6, until = $7, grace_until = $8, failed_for = $9, version = $10,
          changed_at = now()
      WHERE bot_id = $1 AND user_id = $2`,
    values: [
      before.botId,
      before.userId,
      after.state,
      after.plan,
      after.credits,
      after.period,
      after.until,
      after.graceUntil,
      after.failedFor,
      after.version,
    ],
  });
  return after;
}

/** Rows that one transaction of a schedule takes. */
export const BITE = 50;

interface Some {
  botId: number;
  name: string;
  /** On evenkeel.access, from $2 on. */
  where: string;
  order: string;
  values: unknown[];
  limit?: number;
}

/**
 * Locks those that `where` finds; one that somebody else has under way is left for the next look.
 */
export async function lockSome(tx: Tx, { name, where, order, values, botId, limit = BITE }: Some): Promise<Access[]> {
  const { rows } = await tx.query<Row>({
    name,
    text: `
      SELECT ${COLUMNS} FROM evenkeel.access WHERE bot_id = $1 AND ${where}
      ORDER BY ${order} LIMIT ${limit} FOR NO KEY UPDATE SKIP LOCKED`,
    values: [botId, ...values],
    types: bigints,
  });
  return rows.map(accessFrom);
}

export interface Period {
  cause: string;
  plan: string;
  credits: bigint;
  since: Date;
  until: Date;
}

/** access_period_pkey. @returns false where it was written before */
export async function writePeriod(tx: Tx, { botId, userId }: Access, period: Period): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'write-period',
    text: `
      INSERT INTO evenkeel.access_period (bot_id, cause, user_id, plan, credits, since, until)
      VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
    values: [botId, period.cause, userId, period.plan, period.credits, period.since, period.until],
  });
  return rowCount === 1;
}

/** access_period_pkey */
export async function hasPeriod(tx: Tx, botId: number, cause: string): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'has-period',
    text: 'SELECT FROM evenkeel.access_period WHERE bot_id = $1 AND cause = $2',
    values: [botId, cause],
  });
  return rowCount === 1;
}

/**
 * access_period_pkey, access_period_person. Ends the period of this cause.
 * @returns until when the others pay; undefined where it was none, or was ended before
 */
export async function endPeriod(
  tx: Tx,
  { botId, userId }: Pick<Access, 'botId' | 'userId'>,
  cause: string,
): Promise<{ rest: Date | null } | undefined> {
  // Taken back before it was written down: it is written down as ended, and not begun any more.
  const early = await tx.query({
    name: 'period-ended-early',
    text: `
      INSERT INTO evenkeel.access_period (bot_id, cause, user_id, plan, credits, since, until, ended_at)
      VALUES ($1, $2, $3, '', 0, now(), now(), now()) ON CONFLICT DO NOTHING`,
    values: [botId, cause, userId],
  });
  if (early.rowCount === 1) return undefined;
  const { rowCount } = await tx.query({
    name: 'end-period',
    text: `
      UPDATE evenkeel.access_period SET ended_at = now()
      WHERE bot_id = $1 AND cause = $2 AND user_id = $3 AND ended_at IS NULL`,
    values: [botId, cause, userId],
  });
  if (rowCount === 0) return undefined;
  const { rows } = await tx.query<{ rest: Date | null }>({
    name: 'rest-of-periods',
    text: `
      SELECT max(until) AS rest FROM evenkeel.access_period
      WHERE bot_id = $1 AND user_id = $2 AND ended_at IS NULL`,
    values: [botId, userId],
  });
  return rows[0]!;
}
