/** What somebody may use elsewhere, for who shows it; what becomes of it is the feature's (app/features/subscriptions). */
import type { Pool } from '../database/pool.ts';

export interface ShownAccess {
  plan: string;
  state: string;
  until: Date;
  /** Of grace: when it is taken. */
  graceUntil: Date | null;
  /** Whether its provider has confirmed what it should have. */
  confirmed: boolean;
  /** How often what it should have has changed. */
  version: number;
}

/** access_pkey. One at most. */
export async function accessesOf(pool: Pool, botId: number, userId: number): Promise<ShownAccess[]> {
  const { rows } = await pool.query<ShownAccess & Record<string, unknown>>({
    name: 'accesses-of',
    text: `
      SELECT plan, state, until, grace_until AS "graceUntil", synced = version AS confirmed, version
      FROM evenkeel.access WHERE bot_id = $1 AND user_id = $2`,
    values: [botId, userId],
  });
  return rows;
}
