/** How the bot and its people stand, as support may see it: numbers, and of a person no word. Each statement names its index. */
import { bigints, type Pool } from '../../database/pool.ts';
import type { PaymentState } from '../../payments/book.ts';
import type { Tx } from '../../database/tx.ts';

export interface PeopleCounts {
  people: number;
  blocked: number;
  today: number;
  week: number;
  month: number;
  paid: number;
}

/** person_pkey, person_blocked, person_seen and payment_user, each by itself and of the index alone: it is asked by hand. */
export async function countPeople(pool: Pool, botId: number): Promise<PeopleCounts> {
  const { rows } = await pool.query<PeopleCounts>({
    name: 'count-people',
    text: `
      WITH today AS (SELECT (now() AT TIME ZONE 'UTC')::date AS day)
      SELECT (SELECT count(*) FROM evenkeel.person WHERE bot_id = $1) AS people,
             (SELECT count(*) FROM evenkeel.person WHERE bot_id = $1 AND blocked_at IS NOT NULL) AS blocked,
             (SELECT count(*) FROM evenkeel.person, today WHERE bot_id = $1 AND seen_on >= day) AS today,
             (SELECT count(*) FROM evenkeel.person, today WHERE bot_id = $1 AND seen_on > day - 7) AS week,
             (SELECT count(*) FROM evenkeel.person, today WHERE bot_id = $1 AND seen_on > day - 30) AS month,
             (SELECT count(DISTINCT user_id) FROM evenkeel.payment WHERE bot_id = $1 AND state = 'credited') AS paid`,
    values: [botId],
  });
  return rows[0]!;
}

/** account_pkey. Of all people together. */
export async function sumCredits(
  pool: Pool,
  botId: number,
): Promise<{ available: bigint; held: bigint; owed: bigint }> {
  const { rows } = await pool.query<{ available: bigint; held: bigint; owed: bigint }>({
    name: 'sum-credits',
    text: `
      SELECT coalesce(sum(available), 0)::bigint AS available, coalesce(sum(held), 0)::bigint AS held,
             coalesce(-sum(debt), 0)::bigint AS owed
      FROM evenkeel.account WHERE bot_id = $1`,
    values: [botId],
    types: bigints,
  });
  return rows[0]!;
}

/** person_username. Who was called so when they wrote last, without the @; a name may be another person's by now. */
export async function called(pool: Pool, botId: number, username: string): Promise<number[]> {
  const { rows } = await pool.query<{ user: number }>({
    name: 'people-called',
    text: `
      SELECT user_id AS user FROM evenkeel.person
      WHERE bot_id = $1 AND lower(username) = lower($2) AND username IS NOT NULL ORDER BY seen_on DESC, user_id LIMIT 5`,
    values: [botId, username],
  });
  return rows.map(({ user }) => user);
}

export interface PersonRow {
  since: Date;
  /** Days since they wrote last, in UTC. */
  days: number | null;
  username: string | null;
  app: string | null;
  language: string | null;
  blocked: Date | null;
}

/** person_pkey */
export async function personOf(pool: Pool, botId: number, userId: number): Promise<PersonRow | undefined> {
  const { rows } = await pool.query<PersonRow>({
    name: 'person-of',
    text: `
      SELECT first_seen_at AS since, (now() AT TIME ZONE 'UTC')::date - seen_on AS days, username, app_language AS app,
             language, blocked_at AS blocked
      FROM evenkeel.person WHERE bot_id = $1 AND user_id = $2`,
    values: [botId, userId],
  });
  return rows[0];
}

export interface PaymentRow {
  at: Date;
  number: bigint;
  credits: bigint;
  state: PaymentState;
  /** Of all of theirs. */
  count: bigint;
}

/** payment_user. The latest first. */
export async function paymentsOf(pool: Pool, botId: number, userId: number, limit: number): Promise<PaymentRow[]> {
  const { rows } = await pool.query<PaymentRow & Record<string, unknown>>({
    name: 'payments-of',
    text: `
      SELECT paid_at AS at, number, credits, state, count(*) OVER () AS count
      FROM evenkeel.payment WHERE bot_id = $1 AND user_id = $2 ORDER BY number DESC LIMIT $3`,
    values: [botId, userId, limit],
    types: bigints,
  });
  return rows;
}

/** subscription_user */
export async function subscriptionsOf(
  pool: Pool,
  botId: number,
  userId: number,
): Promise<{ plan: string; state: string; until: Date }[]> {
  const { rows } = await pool.query<{ plan: string; state: string; until: Date }>({
    name: 'subscriptions-of',
    text: `
      SELECT plan, state, paid_until AS until FROM evenkeel.subscription
      WHERE bot_id = $1 AND user_id = $2 ORDER BY started_at DESC LIMIT 5`,
    values: [botId, userId],
  });
  return rows;
}

/** Who looked at whom. */
export async function auditLook(tx: Tx, { by, botId, userId }: { by: string; botId: number; userId: number }) {
  await tx.query({
    name: 'audit-look',
    text: `INSERT INTO evenkeel.audit (who, via, verb, target) VALUES ($1, $2, 'look', $3)`,
    values: [by, `bot ${botId}`, `user:${userId}`],
  });
}
