/** Whether codes, carts, subscriptions and the books of the providers beside Telegram agree with ours, when all is quiet. */
import type { Deeds } from './person.ts';
import { PROMO_FOR, type Stage } from './stage.ts';

const query = async <Row>({ pool }: Stage, text: string, values: unknown[] = []): Promise<Row[]> =>
  (await pool.query(text, values)).rows as Row[];

interface PaidElsewhere {
  provider: string;
  id: string;
  /** Whose order it was for. */
  user: number;
  /** What came of what was due: half of it where whoever pays in parts was not told of the first. */
  share: number;
}

/** What was paid at the providers beside Telegram. */
export const paidElsewhere = ({ crypto, now }: Pick<Stage, 'crypto' | 'now'>): PaidElsewhere[] => [
  ...crypto
    .invoices()
    .filter(({ status }) => status === 'paid')
    .map(({ invoice_id, payload }) => ({
      provider: 'cryptoPay',
      id: String(invoice_id),
      user: parseInt(payload, 10),
      share: 1,
    })),
  ...now
    .payments()
    .filter(({ actually_paid }) => actually_paid > 0)
    .map(({ payment_id, order_id, actually_paid, pay_amount }) => ({
      provider: 'nowPayments',
      id: String(payment_id),
      user: parseInt(order_id, 10),
      share: actually_paid / pay_amount,
    })),
];

/** Each payment there is one here, of as much, and of whom it was; none is here that is not there. */
export async function elsewhereDiffers(stage: Stage): Promise<string[]> {
  const rows = await query<{ provider: string; id: string; user: number; share: number; state: string }>(
    stage,
    `SELECT p.provider, p.charge AS id, p.user_id AS user, p.state, p.credits::float8 / o.credits AS share
     FROM evenkeel.payment p LEFT JOIN evenkeel.purchase o ON o.bot_id = p.bot_id AND o.id = p.purchase
     WHERE p.bot_id = $1 AND p.provider <> 'stars'`,
    [stage.botId],
  );
  const booked = new Map(rows.map((row) => [`${row.provider}:${row.id}`, row]));
  const paid = paidElsewhere(stage);
  const problems = paid.flatMap(({ provider, id, user, share }) => {
    const row = booked.get(`${provider}:${id}`);
    if (!row) return [`${provider} ${id} was paid by ${user}, and is not booked`];
    if (row.user !== user || row.share !== share)
      return [`${provider} ${id}: ${user} paid ${share} of it, booked are ${row.share} of it for ${row.user}`];
    return [];
  });
  const there = new Set(paid.map(({ provider, id }) => `${provider}:${id}`));
  for (const key of booked.keys()) if (!there.has(key)) problems.push(`${key} is booked, and nobody has paid it`);
  const back = rows.filter(({ provider, state }) => provider === 'cryptoPay' && state === 'refunded').length;
  if (back !== stage.crypto.transfers().length)
    problems.push(`${stage.crypto.transfers().length} transfers back at Crypto Pay, ${back} refunds here`);
  return problems;
}

/** A code has given as often as it says, to each person once, and to no more than it is for. */
export async function promosDiffer(stage: Stage): Promise<string[]> {
  const rows = await query<{ code: string; used: number; given: number }>(
    stage,
    `SELECT code, used, (SELECT count(*)::int FROM evenkeel.ledger_tx t
                         WHERE t.bot_id = p.bot_id AND t.cause LIKE 'promo:' || p.code || ':%') AS given
     FROM evenkeel.promo p WHERE bot_id = $1`,
    [stage.botId],
  );
  return rows.flatMap(({ code, used, given }) =>
    used === given && used <= PROMO_FOR ? [] : [`${code} counts ${used} and has given ${given} times`],
  );
}

/** What was wanted was done exactly if it was paid for; how often it was said again is a repeat like any other. */
export async function cartsDiffer(stage: Stage, { carts }: Deeds): Promise<string[]> {
  const begun = new Set(
    (await query<{ cause: string }>(stage, `SELECT cause FROM evenkeel.reserve WHERE cause LIKE 'cart:%'`)).map(
      ({ cause }) => cause,
    ),
  );
  return carts.flatMap(({ user, of, text }) => {
    const copies = stage.telegram.messages(user).filter((one) => one.from === 'bot' && one.text.endsWith(text)).length;
    return copies > 0 === begun.has(of)
      ? []
      : [`${of}: ${begun.has(of) ? 'paid for' : 'not paid for'}, said ${copies} times`];
  });
}

/** Nobody pays for two subscriptions, and nothing is left that Telegram was to be told. */
export async function mandatesDiffer(stage: Stage): Promise<string[]> {
  const rows = await query<{ user: number; charge: string; state: string; wish: string | null }>(
    stage,
    `SELECT user_id AS user, first_charge AS charge, state, wish FROM evenkeel.subscription WHERE bot_id = $1`,
    [stage.botId],
  );
  const problems = rows.flatMap(({ user, charge, wish }) =>
    wish === null ? [] : [`Telegram was not told to ${wish} ${charge} for ${user}`],
  );
  for (const user of stage.telegram.chats()) {
    const paying = stage.telegram.mandates(user).filter(({ canceledBy }) => canceledBy === undefined);
    if (paying.length > 1) problems.push(`${user} pays for ${paying.length} subscriptions`);
    for (const { charge } of paying)
      if (!rows.some((row) => row.charge === charge && ['active', 'failed'].includes(row.state)))
        problems.push(`${user} pays for ${charge}, which does not run here`);
  }
  return problems;
}
