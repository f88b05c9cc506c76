/** What a person decides about a payment that nobody could value: whose it is and what it is worth, or that it stays so. */
import { inTransaction } from '../database/transaction.ts';
import { packagesOf, plansOf } from '../payments/packages.ts';
import { paymentsOf, nothingPaid } from './money.ts';
import { table, type Outcome } from './outcome.ts';
import type { Call } from './verb.ts';

interface Parked extends Record<string, unknown> {
  bot: number;
  receipt: number;
  provider: string;
  charge: string;
  user: number;
  amount: number;
  currency: string;
  credits: number;
  state: string;
}

/** The one parked payment that was named; else what is to be said. */
async function parked(call: Call): Promise<Parked | Outcome> {
  const found = (await paymentsOf(call.pool, call.words[0]!, call.bot)) as unknown as Parked[];
  if (found.length === 0) return nothingPaid(call);
  const [payment] = found as [Parked];
  if (found.length > 1)
    return { tables: [table('payments', found)], said: ['Several: name one by its receipt.'], ok: false };
  if (payment.state !== 'parked')
    return { tables: [table('payments', found)], said: [`It is ${payment.state}, and not parked.`], ok: false };
  return payment;
}

const isOutcome = (found: Parked | Outcome): found is Outcome => 'said' in found;

/**
 * payment_pkey, star_transaction_pkey. Credits of the one package or subscription that has this price in Stars; the update,
 * or Telegram's list, says whether it was paid for a subscription.
 */
async function creditsAt(
  { pool, posture }: Call,
  { bot, charge, amount, currency }: Parked,
): Promise<bigint | undefined> {
  if (currency !== 'XTR') return undefined;
  const { rows } = await pool.query<{ monthly: boolean | null }>(
    `SELECT CASE WHEN p.paid_until IS NOT NULL THEN true WHEN s.id IS NOT NULL THEN s.period IS NOT NULL END AS monthly
     FROM evenkeel.payment p
     LEFT JOIN evenkeel.star_transaction s ON s.bot_id = p.bot_id AND s.id = p.charge AND s.direction = 'in'
     WHERE p.bot_id = $1 AND p.provider = 'stars' AND p.charge = $2`,
    [bot, charge],
  );
  const monthly = rows[0]?.monthly;
  const sold = [...(monthly === true ? [] : packagesOf(posture)), ...(monthly === false ? [] : plansOf(posture))];
  const fits = sold.filter(({ price }) => price === BigInt(amount));
  return fits.length === 1 ? fits[0]!.credits : undefined;
}

/** payment_pkey. In one commit with its line in the audit. False where it is not parked any more. */
async function decide(call: Call, verb: string, { bot, provider, charge }: Parked, set: string, values: unknown[]) {
  return inTransaction(call.pool, async (client) => {
    await client.query('SET TRANSACTION READ WRITE');
    const { rowCount } = await client.query(
      `UPDATE evenkeel.payment SET ${set}, changed_at = now()
       WHERE bot_id = $1 AND provider = $2 AND charge = $3 AND state = 'parked'`,
      [bot, provider, charge, ...values],
    );
    if (rowCount !== 1) return false;
    await client.query(
      'INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail) VALUES ($1, $2, $3, $4, $5, $6)',
      [call.by.who, call.by.via, verb, `${provider}:${charge}`, call.reason, JSON.stringify({ bot, values })],
    );
    return true;
  });
}

const GONE: Outcome = { tables: [], said: ['It is not parked any more: somebody was faster.'], ok: false };

/** In one commit with its line in the audit; a worker credits it. */
const link = (call: Call, payment: Parked, user: number, credits: bigint): Promise<boolean> =>
  decide(
    call,
    'payments link',
    payment,
    'link_user = $4, link_credits = $5, link_by = $6, link_reason = $7, dismissed_at = NULL',
    [user, String(credits), call.by.who, call.reason],
  );

export async function linkPayment(call: Call): Promise<Outcome> {
  if (call.all) return linkAll(call);
  const found = await parked(call);
  if (isOutcome(found)) return found;
  const not = (why: string): Outcome => ({ tables: [table('payments', [found])], said: [why], ok: false });
  if (Number(found.credits) > 0)
    return not(
      `Its ${found.credits} credits were given before it was parked: payments dismiss leaves them, refund takes them.`,
    );
  const user = call.user ?? found.user;
  if (user === 0) return not('Nobody knows who paid: --user ID says whose it is.');
  const credits = call.credits === undefined ? await creditsAt(call, found) : BigInt(call.credits);
  if (credits === undefined) return not('No single package has this price: --credits N says what it is worth.');
  const gives = `R-${found.receipt}: ${credits} credits to user ${user}`;
  if (call.dryRun) return { tables: [table('to be credited', [found])], said: [`${gives}.`] };
  return (await link(call, found, user, credits))
    ? { tables: [], said: [`${gives}, by a worker within half a minute.`] }
    : GONE;
}

/** Payments that one command links at most. */
const MANY = 500;

/** payment_unsettled. Of no order that is known: it was lost, or was never ours. What a person has dismissed stays so. */
const OF_NO_ORDER = `
  SELECT bot_id AS bot, number AS receipt, provider, charge, user_id AS user, amount, currency, paid AS came, credits, state, payload,
         paid_at AS paid
  FROM evenkeel.payment
  WHERE state = 'parked' AND purchase IS NULL AND credits = 0 AND link_credits IS NULL AND dismissed_at IS NULL
    AND ($1::bigint IS NULL OR bot_id = $1)
  ORDER BY number LIMIT ${MANY + 1}`;

/** Each to who paid it, for what the one package of its price gives; what nobody can value so is left and listed. */
async function linkAll(call: Call): Promise<Outcome> {
  const { rows } = await call.pool.query<Parked>(OF_NO_ORDER, [call.bot ?? null]);
  const [fits, left]: [{ payment: Parked; credits: bigint }[], Record<string, unknown>[]] = [[], []];
  for (const payment of rows.slice(0, MANY)) {
    const credits = payment.user === 0 ? undefined : await creditsAt(call, payment);
    if (credits !== undefined) fits.push({ payment, credits });
    else
      left.push({ ...payment, why: payment.user === 0 ? 'nobody knows who paid' : 'no single package has this price' });
  }
  const said = [
    ...(left.length > 0
      ? [`${left.length} stay parked: payments link RECEIPT --credits N, with --user where nobody knows who paid.`]
      : []),
    ...(rows.length > MANY ? [`There are more than ${MANY}: once more for the others.`] : []),
  ];
  const shown = [...left].slice(0, call.limit);
  const tables = left.length > 0 ? [table('left as they are', shown)] : [];
  if (fits.length === 0)
    return { tables, said: [`No payment of a lost order can be credited by its price.`, ...said], ok: false };
  if (call.dryRun) {
    // Each of them, whatever --limit says: this is what is agreed to.
    const gives = fits.map(({ payment, credits }) => ({ ...payment, gives: String(credits) }));
    const people = new Set(fits.map(({ payment }) => payment.user)).size;
    const sum = fits.reduce((all, { credits }) => all + credits, 0n);
    return {
      tables: [table('to be credited', gives), ...tables],
      said: [`${fits.length} payments of ${people} people: ${sum} credits.`, ...said],
    };
  }
  let done = 0;
  for (const { payment, credits } of fits) done += Number(await link(call, payment, payment.user, credits));
  return {
    tables,
    said: [`${done} payments are credited by a worker, 200 every half minute; each payer gets a receipt.`, ...said],
    ok: done > 0,
  };
}

export async function dismissPayment(call: Call): Promise<Outcome> {
  const found = await parked(call);
  if (isOutcome(found)) return found;
  if (call.dryRun) return { tables: [table('to be left as it is', [found])], said: [] };
  const done = await decide(call, 'payments dismiss', found, 'dismissed_at = now()', []);
  return done
    ? { tables: [], said: [`R-${found.receipt} stays parked, and is listed no more: nothing is credited for it.`] }
    : GONE;
}
