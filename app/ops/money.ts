/** Where a person's money is, and what a person may decide about it: by the functions that the bot itself uses. */
import type { Pool } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { asTx } from '../database/tx.ts';
import { balanceOf, checkLedger, isSound } from '../ledger/index.ts';
import { accessesOf } from '../payments/access.ts';
import { heldBy, history } from '../payments/history.ts';
import type { Payment } from '../payments/book.ts';
import { fromCents } from '../payments/decimal.ts';
import { askRefund, type RefundAnswer } from '../payments/refund.ts';
import { table, type Outcome, type Table } from './outcome.ts';
import type { Call } from './verb.ts';

/** account_pkey, payment_user, access_pkey; few bots. */
const BOTS = `
  SELECT bot_id AS bot FROM evenkeel.account WHERE user_id = $1 AND ($2::bigint IS NULL OR bot_id = $2)
  UNION SELECT bot_id FROM evenkeel.payment WHERE user_id = $1 AND ($2::bigint IS NULL OR bot_id = $2)
  UNION SELECT bot_id FROM evenkeel.access WHERE user_id = $1 AND ($2::bigint IS NULL OR bot_id = $2) ORDER BY 1`;

const SHOWN = `bot_id AS bot, number AS receipt, provider, charge, user_id AS user, amount, currency, paid AS came, credits, state, is_foreign AS foreign,
  note, found_by AS "foundBy", paid_at AS paid, refund_by AS "refundBy", refund_reason AS "refundReason", refund_error AS "refundError"`;

/** payment_pkey by charge, payment_number_key by receipt: `R-17`, `17`, or Telegram's own charge id. */
export async function paymentsOf(pool: Pool, word: string, bot: number | undefined) {
  const receipt = /^(?:R-)?(\d{1,15})$/i.exec(word)?.[1] ?? null;
  const { rows } = await pool.query<
    { bot: number; provider: Payment['provider']; charge: string } & Record<string, unknown>
  >(
    `SELECT ${SHOWN} FROM evenkeel.payment
     WHERE (number = $1::bigint OR charge = $2) AND ($3::bigint IS NULL OR bot_id = $3) ORDER BY number LIMIT 5`,
    [receipt, word, bot ?? null],
  );
  return rows;
}

export const nothingPaid = ({ words }: Call): Outcome => ({
  tables: [],
  said: [
    `No payment ${words.join(', ')} is booked. What Telegram knows and we do not is booked by the reconciliation.`,
  ],
  ok: false,
});

export async function showUser({ pool, words: [user = ''], bot, limit }: Call): Promise<Outcome> {
  const { rows } = await pool.query<{ bot: number }>(BOTS, [user, bot ?? null]);
  if (rows.length === 0) return { tables: [], said: [`User ${user} has never had credits, paid, or tried a plan.`] };
  const tables: Table[] = [];
  for (const { bot: botId } of rows) {
    const userId = Number(user);
    tables.push(
      table(`credits of user ${user} with bot ${botId}`, [{ ...(await balanceOf(pool, { botId, userId })) }]),
    );
    tables.push(
      table(
        'what they may use at the access provider',
        (await accessesOf(pool, botId, userId)).map((access) => ({ ...access })),
      ),
    );
    tables.push(
      table(
        'held for work that is under way',
        (await heldBy(pool, botId, userId)).map((held) => ({ ...held })),
      ),
    );
    tables.push(
      table(
        'movements, the latest first',
        (await history(pool, botId, userId, limit)).map((line) => ({ ...line })),
      ),
    );
  }
  return { tables: tables.filter(({ rows }) => rows.length > 0), said: [] };
}

/** payment_unsettled */
export async function listPayments({ pool, bot, limit }: Call): Promise<Outcome> {
  const { rows } = await pool.query(
    `SELECT ${SHOWN} FROM evenkeel.payment
     WHERE state IN ('parked', 'refunding') AND dismissed_at IS NULL AND ($1::bigint IS NULL OR bot_id = $1) ORDER BY changed_at LIMIT $2`,
    [bot ?? null, limit],
  );
  if (rows.length === 0) return { tables: [], said: ['No payment waits for a person or for its refund.'] };
  return {
    tables: [table('payments that wait, the longest first', rows)],
    said: ['parked: its value is not known, and its payer was told so. refunding: asked for, and not confirmed yet.'],
  };
}

export async function findPayment(call: Call): Promise<Outcome> {
  const rows = await paymentsOf(call.pool, call.words[0]!, call.bot);
  return rows.length === 0 ? nothingPaid(call) : { tables: [table('payments', rows)], said: [] };
}

const REFUSALS: Record<Extract<RefundAnswer, { asked: false }>['why'], string> = {
  unknown: 'There is no such payment.',
  over: 'It has gone back already.',
  'under-way': 'Its refund is under way.',
  'too-much': 'It is more than you may refund.',
  'by-hand':
    'NOWPayments gives nothing back by itself: ask who paid for an address, send it by hand, and then say --sent, with the transaction in the reason.',
  'not-by-hand': 'Only Telegram gives Stars back: leave out --sent.',
  spent: 'Its credits are spent: --force refunds it all the same, and what is missing becomes a debt.',
};

export async function refund(call: Call): Promise<Outcome> {
  const { pool, by, force, sent, reason = '' } = call;
  const found = await paymentsOf(pool, call.words[0]!, call.bot);
  if (found.length === 0) return nothingPaid(call);
  if (found.length > 1)
    return { tables: [table('payments', found)], said: ['Several: name one by its receipt.'], ok: false };
  const [{ bot, provider, charge }] = found as [(typeof found)[number]];
  if (call.dryRun) return { tables: [table('to be refunded', found)], said: [] };
  const answer = await inTransaction(pool, async (client) => {
    await client.query('SET TRANSACTION READ WRITE');
    const wish = { botId: bot, provider, charge, by: by.who, reason, atMost: undefined, force, sent };
    return askRefund(asTx(client), wish);
  });
  if (!answer.asked) return { tables: [table('payments', found)], said: [REFUSALS[answer.why]], ok: false };
  const { number, amount, credits, currency, paid } = answer.payment;
  const sum = currency === 'XTR' ? String(amount) : (paid ?? `$${fromCents(amount)}`);
  return {
    tables: [],
    said: [`Refund of R-${number} is ${sent ? 'written down' : 'asked for'}: ${sum} back, ${credits} credits taken.`],
  };
}

/** In one snapshot. Reads the whole ledger. */
export async function ledgerCheck({ pool }: Call): Promise<Outcome> {
  const check = await inTransaction(pool, async (client) => {
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    return checkLedger(client);
  });
  const { unbalanced, mismatched, misheld, sums } = check;
  const sound = isSound(check);
  const wrong = [
    ...unbalanced.map((name) => ({ what: 'movement', name, why: 'its entries do not sum to zero' })),
    ...mismatched.map((name) => ({ what: 'user', name, why: 'the balance is not what the entries say' })),
    ...misheld.map((name) => ({ what: 'user', name, why: 'holds something else than its open reserves' })),
  ];
  return {
    tables: [
      table(
        'sums',
        Object.entries(sums).map(([account, sum]) => ({ account, sum })),
      ),
      ...(wrong.length > 0 ? [table('wrong', wrong)] : []),
    ],
    said: [sound ? 'The ledger agrees with itself.' : 'The ledger does not agree with itself: call whoever owns it.'],
    ok: sound,
  };
}
