/**
 * What our payments say of Stars beside what Telegram's list says. Both are read whole, of years: in one snapshot, and in
 * bites that no statement's timeout is too short for.
 */
import type { Api } from 'grammy';
import { eachBite, inSnapshot } from '../database/pages.ts';
import { bigints, type Pool } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';

/** A transaction of a kind that is booked: a payment of an invoice, or its way back. */
export const BOOKED = 'user:invoice_payment';

/** In Stars, and billionths of them where Telegram counts so. */
export interface Comparison {
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

interface Needs {
  pool: Pool;
  api: Api;
  botId: number;
  signal: AbortSignal;
  /** Pages of a table that one statement reads; default: see app/database/pages.ts. */
  pages?: number;
}

export async function compareStars({ pool, api, botId, signal, pages }: Needs): Promise<Comparison> {
  const { amount, nanostar_amount: nanos = 0 } = await api.getMyStarBalance(
    signal as unknown as Parameters<typeof api.getMe>[0],
  );
  const bites = { values: [botId], types: bigints, signal, ...(pages !== undefined && { pages }) };
  return inSnapshot(pool, async (tx) => {
    const { expected, unlisted } = await ours(tx, bites);
    const { found, waiting, listed, others } = await theirs(tx, bites);
    const ahead = await bookedAhead(tx, botId);
    return {
      expected,
      found,
      difference: found - expected,
      explained: waiting - ahead + unlisted,
      others,
      balanceOff: BigInt(amount) * 1_000_000_000n + BigInt(nanos) - listed,
    };
  });
}

type Bite = Omit<Parameters<typeof eachBite>[1], 'table' | 'name' | 'text'>;

/** How long Telegram may take to list what it has told by an update, ms. */
const LISTED_WITHIN = 600_000;

const IS_BACK = `p.state IN ('refunded', 'taken-back')`;
/** star_transaction_pkey. As a subquery of one row, which is looked up and never hashed. */
const listed = (direction: 'in' | 'out'): string =>
  `coalesce((SELECT true FROM evenkeel.star_transaction s WHERE s.bot_id = p.bot_id AND s.id = p.charge AND s.direction = '${direction}'), false)`;

/** Our payments; and of what has changed just now, what Telegram has told by an update and not listed yet. */
async function ours(tx: Tx, bite: Bite): Promise<{ expected: bigint; unlisted: bigint }> {
  const sums = { expected: 0n, unlisted: 0n };
  const text = `
    SELECT coalesce(sum(p.amount) FILTER (WHERE p.state IN ('credited', 'parked', 'refunding')), 0)::bigint AS expected,
           coalesce(sum(CASE WHEN p.changed_at > now() - interval '${LISTED_WITHIN} ms' THEN
             CASE WHEN ${IS_BACK} THEN CASE WHEN ${listed('in')} AND NOT ${listed('out')} THEN p.amount END
                  WHEN NOT ${listed('in')} THEN -p.amount END
           END), 0)::bigint AS unlisted
    FROM evenkeel.payment p
    WHERE p.ctid >= $1::tid AND p.ctid < $2::tid AND p.bot_id = $3 AND p.provider = 'stars' AND p.currency = 'XTR'`;
  const take = ([row]: Record<'expected' | 'unlisted', bigint>[]) => {
    sums.expected += row!.expected;
    sums.unlisted += row!.unlisted;
  };
  await eachBite(tx, { ...bite, table: 'evenkeel.payment', name: 'our-stars', text }, take);
  return sums;
}

type Kind = { kind: string; count: bigint } & Record<'amount' | 'waiting' | 'nanos', bigint>;

/** Telegram's list. */
async function theirs(tx: Tx, bite: Bite) {
  const sums = { found: 0n, waiting: 0n, listed: 0n, others: {} as Record<string, number> };
  const text = `
    SELECT kind, count(*) AS count, sum(sign * amount)::bigint AS amount,
           coalesce(sum(sign * amount) FILTER (WHERE booked_at IS NULL), 0)::bigint AS waiting,
           sum(sign * (amount * 1000000000 + nanos))::bigint AS nanos
    FROM evenkeel.star_transaction, LATERAL (SELECT CASE direction WHEN 'in' THEN 1 ELSE -1 END AS sign) AS d
    WHERE star_transaction.ctid >= $1::tid AND star_transaction.ctid < $2::tid AND bot_id = $3
    GROUP BY kind`;
  const take = (rows: Kind[]) => {
    for (const { kind, count, amount, waiting, nanos } of rows) {
      sums.listed += nanos;
      if (kind === BOOKED) {
        sums.found += amount;
        sums.waiting += waiting;
      } else sums.others[kind] = (sums.others[kind] ?? 0) + Number(count);
    }
  };
  await eachBite(tx, { ...bite, table: 'evenkeel.star_transaction', name: 'their-stars', text }, take);
  return { ...sums, others: Object.fromEntries(Object.entries(sums.others).sort()) };
}

/** star_transaction_unbooked, payment_pkey. What an update has booked already waits in the list only to be ticked off. */
async function bookedAhead(tx: Tx, botId: number): Promise<bigint> {
  const { rows } = await tx.query<{ ahead: bigint }>({
    name: 'stars-ahead',
    text: `
      SELECT coalesce(sum(CASE s.direction WHEN 'in' THEN s.amount ELSE -s.amount END), 0)::bigint AS ahead
      FROM evenkeel.star_transaction s
      JOIN evenkeel.payment p ON p.bot_id = s.bot_id AND p.provider = 'stars' AND p.charge = s.id
      WHERE s.bot_id = $1 AND s.booked_at IS NULL AND s.kind = '${BOOKED}'
        AND (s.direction = 'in' OR ${IS_BACK})`,
    values: [botId],
    types: bigints,
  });
  return rows[0]!.ahead;
}
