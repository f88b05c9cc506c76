/** Claiming lanes: the right to handle one, until it is ended or its worker is lost. */
import type { QueueName } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import { FIRST_PENDING, storedUpdate, type PendingRow } from './inbox.ts';
import type { StoredUpdate } from './update.ts';

export interface Claim {
  queue: QueueName;
  lane: string;
  /** Fences this claim: no other one, of this or another lane, ever has the same. */
  generation: number;
  /** Nothing else runs on this worker meanwhile: its first update is suspected of ending workers. */
  alone: boolean;
  /** The first pending updates, in order, as they stood when the lane was claimed. */
  updates: StoredUpdate[];
}

type Row = { lane: string; generation: number } & Partial<PendingRow>;

/**
 * lane_ready (or lane_suspect), then inbox_pending once a lane. By ctid: a row that changed since the statement began is
 * not claimed, so the updates that are read with it are never older than the claim (fault second-effect). A worker
 * whose own row is gone claims nothing; the row is kept from going meanwhile.
 */
const claim = (which: string) => `
  WITH claimed AS (
    UPDATE evenkeel.lane SET owner = $1, generation = nextval('evenkeel.generation')
    WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM evenkeel.lane
      WHERE bot_id = $2 AND owner IS NULL AND due_at <= now() AND ${which}
      ORDER BY due_at
      LIMIT $3
      FOR NO KEY UPDATE SKIP LOCKED
    )) AND EXISTS (SELECT FROM evenkeel.worker WHERE id = $1 FOR KEY SHARE)
    RETURNING lane, queue, generation
  )
  SELECT claimed.lane, claimed.queue, claimed.generation, i.*
  FROM claimed LEFT JOIN LATERAL (${FIRST_PENDING('claimed.lane')}) AS i ON true
  ORDER BY claimed.generation, i."updateId"`;

const READY = claim('queue = $4 AND NOT suspect');
const SUSPECT = claim(
  'suspect AND NOT EXISTS (SELECT FROM evenkeel.lane WHERE suspect AND bot_id = $2 AND owner IS NOT NULL)',
);

/** Claims up to `limit` lanes of a queue that are ready, the longest due first, and reads what they have to do. */
export async function claimLanes(
  pool: Pool,
  worker: string,
  botId: number,
  queue: QueueName,
  limit: number,
): Promise<Claim[]> {
  const { rows } = await pool.query<Row & { queue: QueueName }>({
    name: 'claim-lanes',
    text: READY,
    values: [worker, botId, limit, queue],
  });
  return claims(rows, false);
}

/** Claims one suspect, unless another worker of this bot has one. It may be handled when {@link runAlone} says so. */
export async function claimSuspect(pool: Pool, worker: string, botId: number): Promise<Claim | undefined> {
  const { rows } = await pool.query<Row & { queue: QueueName }>({
    name: 'claim-suspect',
    text: SUSPECT,
    values: [worker, botId, 1],
  });
  return claims(rows, true)[0];
}

/** lane_pkey. Nothing else runs here now: if this worker is lost from here on, it is known for what. */
export async function runAlone(pool: Pool, { lane, generation }: Claim): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'run-alone',
    text: 'UPDATE evenkeel.lane SET alone = true WHERE lane = $1 AND generation = $2 AND owner IS NOT NULL',
    values: [lane, generation],
  });
  return rowCount === 1;
}

/**
 * lane_owner. Gives back what a claim has taken whose answer was lost: this worker lives and renews, so nobody else would.
 * `known`: the lanes of the queue that it does have in hand.
 */
export async function giveBackUnknown(
  pool: Pool,
  worker: string,
  queue: QueueName | undefined,
  known: readonly string[],
): Promise<void> {
  await pool.query({
    name: queue === undefined ? 'give-back-suspects' : 'give-back-lanes',
    text: `
      UPDATE evenkeel.lane SET owner = NULL, alone = false, due_at = now()
      WHERE owner = $1 AND lane <> ALL ($2::text[]) AND ${queue === undefined ? 'suspect' : 'NOT suspect AND queue = $3'}`,
    values: queue === undefined ? [worker, known] : [worker, known, queue],
  });
}

function claims(rows: (Row & { queue: QueueName })[], alone: boolean): Claim[] {
  return [...Map.groupBy(rows, ({ lane }) => lane).values()].map((group) => {
    const { queue, lane, generation } = group[0]!;
    // A lane with nothing to do has one row, without an update.
    const updates = group.flatMap((row) =>
      row.updateId == null ? [] : [storedUpdate({ ...(row as PendingRow), queue, lane })],
    );
    return { queue, lane, generation, alone, updates };
  });
}
