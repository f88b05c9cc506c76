/** How the money is: what its alarms are made of. */
import type { Pool } from '../database/pool.ts';
import { checkAfter } from '../ledger/index.ts';

export interface MoneyHealth {
  /**
   * Payments that Telegram lists and nobody has credited for longer than the two minutes that are promised, and callbacks of
   * other providers which have not been asked what they mean for as long.
   */
  uncredited: number;
  /** Payments whose value nobody knows: a person decides. */
  parked: number;
  /** Refunds that have been under way for long, or that Telegram refuses. */
  refundsStuck: number;
  /** Since Telegram's list and our books were last found equal, or another provider's were last looked at whole, s; 0 where nothing has been sold yet. */
  reconciledSeconds: number;
  /** What the last reconciliation found wrong: a difference, users whose credits are not what was moved. */
  mismatches: number;
  /** Payments that were taken back in the last hour without our asking. */
  takenBack: number;
}

/** How long a refund may be under way, minutes. */
const REFUND_WITHIN = 15;

/** star_transaction_unbooked, payment_unsettled, payment_not_refunded, payment_taken_back, star_cursor_pkey, callback_received, deposit_pkey, till_pkey, lineage_pkey. */
export async function readMoney(pool: Pool, botId: number): Promise<MoneyHealth> {
  const { rows } = await pool.query<MoneyHealth>({
    name: 'read-money',
    text: `
      SELECT
        (SELECT count(*) FROM evenkeel.star_transaction
         WHERE bot_id = $1 AND booked_at IS NULL AND at < now() - interval '2 minutes' AND kind = 'user:invoice_payment')::int
          + (SELECT count(*) FROM evenkeel.callback c
             -- Not by the primary key, which has those of years.
             WHERE c.bot_id + 0 = $1 AND c.received_at BETWEEN now() - interval '1 day' AND now() - interval '2 minutes'
               AND NOT EXISTS (SELECT FROM evenkeel.deposit d
                               WHERE d.bot_id = c.bot_id AND d.provider = c.provider AND d.id = c.deposit
                                 AND d.looked_at >= c.received_at))::int AS uncredited,
        (SELECT count(*) FROM evenkeel.payment WHERE bot_id = $1 AND state = 'parked' AND dismissed_at IS NULL)::int AS parked,
        (SELECT count(*) FROM evenkeel.payment
         -- While the database is held they wait, and that has an alarm of its own; afterwards they are late by the time since then.
         WHERE bot_id = $1 AND state = 'refunding' AND changed_at < now() - interval '${REFUND_WITHIN} minutes'
           AND (SELECT cardinality(evenkeel.held()) = 0 AND (accepted_by = 'migration' OR accepted_at < now() - interval '${REFUND_WITHIN} minutes')
                FROM evenkeel.lineage WHERE one))::int
          + (SELECT count(*) FROM evenkeel.payment WHERE bot_id = $1 AND refund_error IS NOT NULL)::int AS "refundsStuck",
        greatest(
          (SELECT extract(epoch FROM now() - coalesce(complete_at, since)) FROM evenkeel.star_cursor WHERE bot_id = $1),
          (SELECT extract(epoch FROM now() - min(coalesce(complete_at, since))) FROM evenkeel.till WHERE bot_id = $1 AND keyless_since IS NULL),
          0)::float8 AS "reconciledSeconds",
        coalesce((SELECT differs::int + ledger_wrong FROM evenkeel.star_cursor WHERE bot_id = $1), 0)::int AS mismatches,
        (SELECT count(*) FROM evenkeel.payment
         WHERE bot_id = $1 AND state = 'taken-back' AND changed_at > now() - interval '1 hour')::int AS "takenBack"`,
    values: [botId],
  });
  return rows[0]!;
}

/**
 * Checks the movements since the last check, and writes down what is wrong, with what the reconciliation found.
 * @returns what is wrong, by name
 */
export async function noteChecks(
  pool: Pool,
  botId: number,
  { differs, report, signal }: { differs: boolean; report: object; signal: AbortSignal },
): Promise<string[]> {
  const { rows } = await pool.query<{ checked: string; wrong: number }>({
    name: 'ledger-checked',
    text: 'SELECT ledger_checked::text AS checked FROM evenkeel.star_cursor WHERE bot_id = $1',
    values: [botId],
  });
  const wrong: string[] = [];
  let upTo = BigInt(rows[0]?.checked ?? 0);
  // Where something is wrong it is looked at again and again, until it is mended.
  const from = upTo;
  for (let more = true; more && !signal.aborted;) {
    const round = await checkAfter(pool, upTo);
    wrong.push(...round.wrong);
    ({ upTo, more } = round);
  }
  await pool.query({
    name: 'note-checks',
    text: `
      INSERT INTO evenkeel.star_cursor AS c (bot_id, differs, ledger_wrong, ledger_checked, report, reported_at)
      VALUES ($1, $2, $3, $4, $5, clock_timestamp())
      ON CONFLICT (bot_id) DO UPDATE
      SET differs = EXCLUDED.differs, ledger_wrong = EXCLUDED.ledger_wrong, ledger_checked = EXCLUDED.ledger_checked,
        report = EXCLUDED.report, reported_at = EXCLUDED.reported_at`,
    values: [
      botId,
      differs,
      wrong.length,
      wrong.length > 0 ? from : upTo,
      JSON.stringify({ ...report, wrong: wrong.length }),
    ],
  });
  return wrong;
}
