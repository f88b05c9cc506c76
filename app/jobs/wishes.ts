/**
 * Jobs that somebody has wished for in their own words, such as a reminder: found by whose they are as long as they wait,
 * shown to who asks what is kept of them, and called off for who wants to be forgotten.
 */
import type { Tx } from '../database/tx.ts';
import { PGBOSS_SCHEMA } from './boss.ts';
import { DEAD } from './queues.ts';

/** Whose a wish is: a chat's with one bot; a person's in their private chat. */
export const wishOf = (botId: number, chatId: number): string => `${botId}:${chatId}`;

export interface Wish {
  queue: string;
  /** When it is to be done. */
  due: Date;
  input: unknown;
}

/** Wishes that are shown at most. */
const MOST = 200;

/** job_i17, for each queue. What waits, those that were given up among it, the next first. */
export async function wishes(db: Pick<Tx, 'query'>, whose: string): Promise<Wish[]> {
  const { rows } = await db.query<Wish>({
    name: 'wishes',
    text: `
      SELECT coalesce(j.source_name, j.name) AS queue, j.start_after AS due, j.data AS input
      FROM ${PGBOSS_SCHEMA}.queue AS q
      CROSS JOIN LATERAL (
        SELECT * FROM ${PGBOSS_SCHEMA}.job AS j WHERE j.name = q.name AND j.singleton_key = $1 AND j.state < 'active'
      ) AS j
      ORDER BY due LIMIT ${MOST}`,
    values: [whose],
  });
  return rows;
}

/**
 * job_i17, for each queue; job_pkey. Calls off what waits, and empties it, as well as what was given up. What is being
 * done just now is done.
 * @returns how many that waited
 */
export async function callOff(tx: Pick<Tx, 'query'>, whose: string): Promise<number> {
  const { rows } = await tx.query<{ waited: number }>({
    name: 'call-off',
    text: `
      WITH waits AS MATERIALIZED (
        SELECT j.name, j.id FROM ${PGBOSS_SCHEMA}.queue AS q
        CROSS JOIN LATERAL (
          SELECT * FROM ${PGBOSS_SCHEMA}.job AS j WHERE j.name = q.name AND j.singleton_key = $1 AND j.state < 'active'
        ) AS j
      ), off AS (
        -- Kept without its words until retention takes it: what is made by a key is not made again.
        UPDATE ${PGBOSS_SCHEMA}.job AS j SET state = 'cancelled', completed_on = now(), data = NULL
        FROM waits WHERE j.name = waits.name AND j.id = waits.id AND j.state < 'active'
        RETURNING j.name, j.source_name, j.source_id
      ), origin AS (
        UPDATE ${PGBOSS_SCHEMA}.job AS j SET data = NULL
        FROM off WHERE j.name = off.source_name AND j.id = off.source_id
      )
      SELECT count(*)::int AS waited FROM off WHERE name <> '${DEAD}'`,
    values: [whose],
  });
  return rows[0]!.waited;
}
