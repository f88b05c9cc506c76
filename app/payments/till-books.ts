/** What a provider says that came beside what our books say, and when all of it was looked at last. */
import type { CallbackSource } from '../../contract/paths.ts';
import { bigints, type Pool } from '../database/pool.ts';
import type { Payment } from './book.ts';
import type { BookedDeposit } from './deposits.ts';

/** States in which what was paid is with us. */
const OURS = new Set<Payment['state']>(['credited', 'parked', 'refunding']);

/** In cents of a US dollar. */
export interface Compared {
  /** What our payments say that came, of what was looked at. */
  expected: bigint;
  /** What the provider says of the same. */
  found: bigint;
  /** What of the difference is parked: a person has it before them. */
  explained: bigint;
}

export const compared = ({ payment, worth }: BookedDeposit): Compared => {
  // What went back is in nobody's sum, whatever the provider goes on to say of it.
  if (payment && !OURS.has(payment.state)) return { expected: 0n, found: 0n, explained: 0n };
  const expected = payment?.amount ?? 0n;
  return { expected, found: worth, explained: payment?.state === 'parked' ? worth - expected : 0n };
};

/** payment_pkey. What we have booked of these, which the provider does not know. */
export async function bookedOf(
  pool: Pool,
  botId: number,
  provider: CallbackSource,
  charges: readonly string[],
): Promise<bigint> {
  const { rows } = await pool.query<{ sum: bigint }>({
    name: 'booked-of',
    text: `
      SELECT coalesce(sum(amount), 0)::bigint AS sum FROM evenkeel.payment
      WHERE bot_id = $1 AND provider = $2 AND charge = ANY ($3) AND state IN ('credited', 'parked', 'refunding')`,
    values: [botId, provider, charges],
    types: bigints,
  });
  return rows[0]!.sum;
}

/** till_pkey. What a look at all has found; `complete`: nothing of it failed, and nothing is left. */
export async function noteTill(
  pool: Pool,
  botId: number,
  provider: CallbackSource,
  { expected, found, explained }: Compared,
  complete: boolean,
): Promise<void> {
  await pool.query({
    name: 'note-till',
    text: `
      INSERT INTO evenkeel.till AS t (bot_id, provider, expected, found, explained, complete_at)
      VALUES ($1, $2, $3, $4, $5, CASE WHEN $6::boolean THEN now() END)
      ON CONFLICT (bot_id, provider) DO UPDATE
      SET expected = EXCLUDED.expected, found = EXCLUDED.found, explained = EXCLUDED.explained, keyless_since = NULL,
          -- One that has its key again is late from now on, not since then.
          since = CASE WHEN t.keyless_since IS NULL THEN t.since ELSE now() END,
          complete_at = coalesce(EXCLUDED.complete_at, CASE WHEN t.keyless_since IS NULL THEN t.complete_at END)`,
    values: [botId, provider, expected, found, explained, complete],
  });
}

/** till_pkey. Of providers that there is no key for any more, what was found last stays, and is not late. */
export async function noteKeyless(pool: Pool, botId: number, keyed: readonly string[]): Promise<void> {
  await pool.query({
    name: 'note-keyless',
    text: `
      UPDATE evenkeel.till SET keyless_since = now()
      WHERE bot_id = $1 AND keyless_since IS NULL AND NOT provider = ANY ($2)`,
    values: [botId, keyed],
  });
}
