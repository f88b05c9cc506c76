/**
 * Telegram's list of transactions against our books. What is in its list is booked, whatever update was lost
 * (fault payment-lost); what is in our books and not in its list is a difference that a person must see.
 */
import type { Api } from 'grammy';
import { bigints, type Pool } from '../database/pool.ts';
import { withTx, type Tx } from '../database/tx.ts';
import { describeError, type Logger } from '../log.ts';
import { takeBack, type Booked, type Payment } from './book.ts';
import { receive } from './receive.ts';
import { readTransactions } from './transactions.ts';

export interface ReconcileNeeds {
  pool: Pool;
  api: Api;
  botId: number;
  /** How long an update is given to come first, ms. */
  grace: number;
  /** Says in the transaction that books it to who paid what no update has told them. */
  tell: (tx: Tx, booked: Booked) => Promise<unknown>;
  signal: AbortSignal;
  log: Logger;
}

/** A transaction of a kind that is booked: a payment of an invoice, or its way back. */
const BOOKED = 'user:invoice_payment';

interface Entry {
  id: string;
  direction: 'in' | 'out';
  kind: string;
  user: string | null;
  payload: string | null;
  amount: bigint;
  at: Date;
  /** Of a subscription: what was paid for, s. */
  period: number | null;
}

/** What was found here, and by no update. */
export interface Found {
  credited: Payment[];
  wentBack: Payment[];
  /** Entries that could not be booked; the log says why, and the next round tries again. */
  failed: number;
}

const BITE = 200;

/** star_transaction_unbooked. Books what has been in the list for longer than the grace, the oldest first. */
async function bookEntries(needs: ReconcileNeeds): Promise<Found> {
  const { pool, botId, grace, signal, log } = needs;
  const found: Found = { credited: [], wentBack: [], failed: 0 };
  for (let after = '-infinity'; !signal.aborted;) {
    const { rows } = await pool.query<Entry & { from: string } & Record<string, unknown>>({
      name: 'unbooked-stars',
      text: `
        SELECT id, direction, kind, user_id::text AS user, payload, amount, at, period, at::text AS from
        FROM evenkeel.star_transaction
        WHERE bot_id = $1 AND booked_at IS NULL AND at >= $3::timestamptz AND at < now() - $2 * interval '1 ms'
        ORDER BY at, direction
        LIMIT ${BITE}`,
      values: [botId, grace, after],
      types: bigints,
    });
    for (const entry of rows) {
      if (signal.aborted) return found;
      try {
        const booked = await bookEntry(needs, entry);
        if (booked) found[entry.direction === 'in' ? 'credited' : 'wentBack'].push(booked);
      } catch (error) {
        // One that cannot be booked holds no other back.
        found.failed += 1;
        log.error({ charge: entry.id, direction: entry.direction, error: describeError(error) }, 'not reconciled');
      }
    }
    if (rows.length < BITE) return found;
    const last = rows.at(-1)!.from;
    // All of one second, and none of it could be booked.
    if (last === after) return found;
    after = last;
  }
  return found;
}

/** Undefined where it was booked before. */
async function bookEntry({ pool, botId, tell }: ReconcileNeeds, entry: Entry): Promise<Payment | undefined> {
  const { id: charge, direction, kind, user, payload, at, period } = entry;
  const money = { botId, charge, payload: payload ?? '', currency: 'XTR', amount: Number(entry.amount), at } as const;
  return withTx(pool, async (tx) => {
    let found: Payment | undefined;
    if (kind === BOOKED && user !== null) {
      const by = { ...money, foundBy: 'reconciliation' } as const;
      const recurring = period === null ? {} : { recurring: { until: new Date(at.getTime() + period * 1000) } };
      const booked =
        direction === 'in'
          ? await receive(tx, { ...by, ...recurring, from: Number(user) })
          : await takeBack(tx, { ...by, to: Number(user) });
      if (booked.applied) {
        found = booked.payment;
        await tell(tx, booked);
      }
    }
    await tx.query({
      name: 'star-booked',
      text: `UPDATE evenkeel.star_transaction SET booked_at = now() WHERE bot_id = $1 AND id = $2 AND direction = $3`,
      values: [botId, charge, direction],
    });
    return found;
  });
}

/** purchase_open, payment_unsettled, star_transaction_unbooked, subscription_due. Whether there is anything that Telegram could tell us now. */
async function isAwaited(pool: Pool, botId: number, within: number): Promise<boolean> {
  const { rows } = await pool.query<{ awaited: boolean }>({
    name: 'stars-awaited',
    text: `
      SELECT EXISTS (SELECT FROM evenkeel.purchase WHERE bot_id = $1 AND paid = 0 AND created_at > now() - $2 * interval '1 ms')
          OR EXISTS (SELECT FROM evenkeel.payment WHERE bot_id = $1 AND state = 'refunding')
          OR EXISTS (SELECT FROM evenkeel.star_transaction WHERE bot_id = $1 AND booked_at IS NULL)
          OR EXISTS (SELECT FROM evenkeel.subscription
                     WHERE bot_id = $1 AND state <> 'ended' AND paid_until < now() + interval '1 hour' AND state <> 'canceled') AS awaited`,
    values: [botId, within],
  });
  return rows[0]!.awaited;
}

/** Every half minute, while an order is open or money is on its way: undefined where nothing is. `within`: an order's life, ms. */
export async function watchStars(needs: ReconcileNeeds, within: number): Promise<Found | undefined> {
  if (!(await isAwaited(needs.pool, needs.botId, within))) return undefined;
  await readTransactions(needs);
  return bookEntries(needs);
}

/** In Stars, and billionths of them where Telegram counts so. */
export interface Report extends Found {
  /** What our payments say that we have been given and not given back. */
  expected: bigint;
  /** What Telegram's list says of the same. */
  found: bigint;
  difference: bigint;
  /** What of the difference waits: to be booked, as it is younger than the grace or failed, or to be listed by Telegram. */
  explained: bigint;
  /** Transactions of other kinds, counted by kind. */
  others: Record<string, number>;
  /** Telegram's balance less what its list sums to, in billionths of a Star. */
  balanceOff: bigint;
}

/** False where a person must look. */
export const isReconciled = ({ difference, explained, balanceOff, failed }: Report): boolean =>
  difference === explained && balanceOff === 0n && failed === 0;

/**
 * The whole of it. Where it does not come out even, Telegram's list is read from its beginning once more before it is
 * called a difference.
 */
export async function reconcile(needs: ReconcileNeeds): Promise<Report> {
  const round = async (whole: boolean): Promise<Report> => {
    await readTransactions(needs, whole);
    const found = await bookEntries(needs);
    return { ...found, ...(await compare(needs)) };
  };
  const first = await round(false);
  const report = isReconciled(first) ? first : merge(first, await round(true));
  if (isReconciled(report))
    await needs.pool.query({
      name: 'stars-complete',
      text: `
        INSERT INTO evenkeel.star_cursor AS c (bot_id, complete_at) VALUES ($1, now())
        ON CONFLICT (bot_id) DO UPDATE SET complete_at = EXCLUDED.complete_at`,
      values: [needs.botId],
    });
  return report;
}

const merge = (first: Report, second: Report): Report => ({
  ...second,
  credited: [...first.credited, ...second.credited],
  wentBack: [...first.wentBack, ...second.wentBack],
});

/** How long Telegram may take to list what it has told by an update, ms. */
const LISTED_WITHIN = 600_000;

type Comparison = Omit<Report, keyof Found | 'found'> & { found: bigint };

async function compare({ pool, api, botId, signal }: ReconcileNeeds): Promise<Comparison> {
  const { amount, nanostar_amount: nanos = 0 } = await api.getMyStarBalance(
    signal as unknown as Parameters<typeof api.getMe>[0],
  );
  const { rows } = await pool.query<Record<'expected' | 'found' | 'waiting' | 'nanos', bigint>>({
    name: 'compare-stars',
    text: `
      SELECT
        (SELECT coalesce(sum(amount), 0)::bigint FROM evenkeel.payment
         WHERE bot_id = $1 AND provider = 'stars' AND currency = 'XTR' AND state IN ('credited', 'parked', 'refunding')) AS expected,
        coalesce(sum(CASE direction WHEN 'in' THEN amount ELSE -amount END) FILTER (WHERE kind = '${BOOKED}'), 0)::bigint AS found,
        coalesce(sum(CASE direction WHEN 'in' THEN amount ELSE -amount END)
          FILTER (WHERE kind = '${BOOKED}' AND booked_at IS NULL), 0)::bigint AS waiting,
        coalesce(sum((CASE direction WHEN 'in' THEN 1 ELSE -1 END) * (amount * 1000000000 + nanos)), 0)::bigint AS nanos
      FROM evenkeel.star_transaction WHERE bot_id = $1`,
    values: [botId],
    types: bigints,
  });
  const { expected, found, waiting, nanos: listed } = rows[0]!;
  // What an update has booked already waits in the list only to be ticked off; what it has booked just now is not in it yet.
  const { rows: known } = await pool.query<Record<'ahead' | 'unlisted', bigint>>({
    name: 'stars-known',
    text: `
      SELECT
        (SELECT coalesce(sum(CASE s.direction WHEN 'in' THEN s.amount ELSE -s.amount END), 0)::bigint
         FROM evenkeel.star_transaction s
         JOIN evenkeel.payment p ON p.bot_id = s.bot_id AND p.provider = 'stars' AND p.charge = s.id
         WHERE s.bot_id = $1 AND s.booked_at IS NULL AND s.kind = '${BOOKED}'
           AND (s.direction = 'in' OR p.state IN ('refunded', 'taken-back'))) AS ahead,
        (SELECT coalesce(sum(CASE WHEN p.state IN ('refunded', 'taken-back') THEN p.amount ELSE -p.amount END), 0)::bigint
         FROM evenkeel.payment p
         LEFT JOIN evenkeel.star_transaction i ON i.bot_id = p.bot_id AND i.id = p.charge AND i.direction = 'in'
         LEFT JOIN evenkeel.star_transaction o ON o.bot_id = p.bot_id AND o.id = p.charge AND o.direction = 'out'
         WHERE p.bot_id = $1 AND p.changed_at > now() - $2 * interval '1 ms' AND p.currency = 'XTR'
           AND CASE WHEN p.state IN ('refunded', 'taken-back') THEN i.id IS NOT NULL AND o.id IS NULL ELSE i.id IS NULL END
        ) AS unlisted`,
    values: [botId, LISTED_WITHIN],
    types: bigints,
  });
  const { ahead, unlisted } = known[0]!;
  const { rows: kinds } = await pool.query<{ kind: string; count: number }>({
    name: 'star-kinds',
    text: `
      SELECT kind, count(*)::int AS count FROM evenkeel.star_transaction
      WHERE bot_id = $1 AND kind <> '${BOOKED}' GROUP BY kind ORDER BY kind`,
    values: [botId],
  });
  return {
    expected,
    found,
    difference: found - expected,
    explained: waiting - ahead + unlisted,
    others: Object.fromEntries(kinds.map(({ kind, count }) => [kind, count])),
    balanceOff: BigInt(amount) * 1_000_000_000n + BigInt(nanos) - listed,
  };
}
