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

/** Credits of the one package or subscription that has this price in Stars. */
function creditsAt({ posture }: Call, { amount, currency }: Parked): bigint | undefined {
  if (currency !== 'XTR') return undefined;
  const fits = [...packagesOf(posture), ...plansOf(posture)].filter(({ price }) => price === BigInt(amount));
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

export async function linkPayment(call: Call): Promise<Outcome> {
  const found = await parked(call);
  if (isOutcome(found)) return found;
  const user = call.user ?? found.user;
  if (user === 0)
    return {
      tables: [table('payments', [found])],
      said: ['Nobody knows who paid: --user ID says whose it is.'],
      ok: false,
    };
  const credits = call.credits === undefined ? creditsAt(call, found) : BigInt(call.credits);
  if (credits === undefined)
    return {
      tables: [table('payments', [found])],
      said: ['No single package has this price: --credits N says what it is worth.'],
      ok: false,
    };
  const gives = `R-${found.receipt}: ${credits} credits to user ${user}`;
  if (call.dryRun) return { tables: [table('to be credited', [found])], said: [`${gives}.`] };
  const done = await decide(
    call,
    'payments link',
    found,
    'link_user = $4, link_credits = $5, link_by = $6, link_reason = $7, dismissed_at = NULL',
    [user, String(credits), call.by.who, call.reason],
  );
  return done ? { tables: [], said: [`${gives}, by a worker within half a minute.`] } : GONE;
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
