/** Whether the ledger, Telegram's own books and what people were told agree, when all is quiet. */
import { withTx } from '../../app/database/tx.ts';
import { balanceOf, checkLedger, isSound } from '../../app/ledger/index.ts';
import { createLogger } from '../../app/log.ts';
import { parseOps } from '../../app/ops/parse.ts';
import { perform } from '../../app/ops/perform.ts';
import { isReconciled, reconcile } from '../../app/payments/reconcile.ts';
import { cartsDiffer, elsewhereDiffers, mandatesDiffer, promosDiffer } from './further-verdict.ts';
import type { Deeds } from './person.ts';
import { until, type Stage } from './stage.ts';
import { told, type PaymentRow } from './told.ts';
import { excusing, givenUp, leftToPeople, type Told } from './unsure.ts';
import { accessesDiffer, broadcastsDiffer, rendersDiffer, taken, WORKS_UNDER_WAY } from './works-verdict.ts';

const query = async <Row>({ pool }: Stage, text: string, values: unknown[] = []): Promise<Row[]> =>
  (await pool.query(text, values)).rows as Row[];

/** What is still under way, in words; undefined where nothing is. */
async function underWay(stage: Stage): Promise<string | undefined> {
  const { pending, repeatsPending, inFlight } = stage.telegram.stats();
  if (pending + repeatsPending + inFlight > 0)
    return `${pending + inFlight} updates and ${repeatsPending} repeats at Telegram`;
  const [left] = await query<Record<string, number>>(
    stage,
    `SELECT (SELECT count(*) FROM evenkeel.inbox WHERE state = 'pending')::int AS updates,
       (SELECT count(*) FROM evenkeel.lane)::int AS lanes,
       (SELECT count(*) FROM evenkeel.outbox WHERE state IN ('waiting', 'sending'))::int AS messages,
       (SELECT count(*) FROM pgboss.job WHERE name IN ('remind', 'refund', 'mandate', 'deposit') AND state < 'completed')::int AS jobs,
       ${WORKS_UNDER_WAY},
       (SELECT count(*) FROM evenkeel.payment WHERE state = 'refunding')::int AS refunds,
       (SELECT count(*) FROM evenkeel.star_transaction WHERE booked_at IS NULL)::int AS unbooked,
       (SELECT count(*) FROM evenkeel.reserve WHERE state = 'open')::int AS reserves,
       ($1 - (SELECT count(*) FROM evenkeel.star_transaction))::int AS unlisted`,
    [stage.telegram.stars().transactions.length],
  );
  const rest = Object.entries(left!).filter(([, count]) => count > 0);
  return rest.length === 0 ? undefined : rest.map(([what, count]) => `${count} ${what}`).join(', ');
}

/** Waits until nothing is under way any more. Given up only when what is left has not changed for long. */
export async function settled(stage: Stage, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  let told = '';
  let since = performance.now();
  await until(
    'everything to be settled',
    async () => {
      const left = await underWay(stage);
      if (left !== undefined && left !== told) {
        told = left;
        since = performance.now();
        say(`waiting for ${left}`);
      }
      // The longest is a reminder of a minute, and a slot whose worker was killed.
      if (left !== undefined && performance.now() - since > STALLED) throw new Error(`nothing goes on: ${left}`);
      return left === undefined;
    },
    { signal, within: Infinity, every: 500 },
  );
}
const STALLED = 240_000;

interface Verdict {
  problems: string[];
  repeats: number;
  /** What is left to a person, counted and listed. */
  left: string[];
  sums: Record<string, string>;
}

/** What does not agree, a line each; and what may be: what was repeated, and what is left to a person. */
export async function verdict(stage: Stage, deeds: Deeds, signal: AbortSignal): Promise<Verdict> {
  const { pool, botId, api } = stage;
  const { left, problems } = await leftToPeople(stage, await tellings(stage, signal));
  const isLeft = excusing(left);
  const ledger = await withTx(pool, checkLedger);
  if (!isSound(ledger))
    problems.push(
      `the ledger does not agree with itself: ${JSON.stringify(ledger, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
    );

  const report = await reconcile({
    pool,
    api,
    botId,
    grace: 0,
    tell: async () => undefined,
    signal: AbortSignal.timeout(600_000),
    log: createLogger('soak', 'fatal'),
  });
  if (!isReconciled(report))
    problems.push(`Stars do not reconcile: expected ${report.expected}, found ${report.found}`);
  for (const { charge } of [...report.credited, ...report.wentBack]) problems.push(`${charge} was booked by nobody`);

  const payments = await query<PaymentRow>(
    stage,
    `SELECT number, provider, charge, user_id AS user, amount::int, credits::int, state FROM evenkeel.payment WHERE bot_id = $1`,
    [botId],
  );
  problems.push(
    ...booksDiffer(
      stage,
      payments.filter(({ provider }) => provider === 'stars'),
    ),
    ...(await creditsDiffer(stage, deeds)),
    ...(await elsewhereDiffers(stage)),
    ...(await promosDiffer(stage)),
    ...(await cartsDiffer(stage, deeds)),
    ...(await mandatesDiffer(stage)),
    ...(await accessesDiffer(stage)),
    ...(await broadcastsDiffer(stage, deeds)),
  );
  const { problems: untold, repeats: saidAgain } = told(stage, payments, deeds, isLeft);
  const { problems: unmade, repeats: shownAgain } = await rendersDiffer(stage);
  problems.push(...untold, ...unmade);
  // What somebody waited for in vain may be an answer of which nobody knows.
  for (const { of, what } of deeds.failures) if (of === undefined || !isLeft(of)) problems.push(what);
  const repeats = saidAgain + shownAgain;
  for (const { cause, error } of await query<{ cause: string; error: string }>(
    stage,
    `SELECT cause, error FROM evenkeel.outbox WHERE state = 'dead' LIMIT 20`,
  ))
    problems.push(`a message is dead: ${cause}: ${error}`);
  const parked = await givenUp(pool);
  problems.push(...parked.problems);
  for (const { name, output } of await query<{ name: string; output: unknown }>(
    stage,
    `SELECT source_name AS name, source_output AS output FROM pgboss.job WHERE name = 'dead' LIMIT 20`,
  ))
    problems.push(`a job of ${name} is dead: ${JSON.stringify(output)}`);
  for (const user of new Set(payments.map((payment) => payment.user))) {
    const { available, debt } = await balanceOf(pool, { botId, userId: user });
    if (available > 0n && debt < 0n) problems.push(`user ${user} has credits and a debt`);
  }
  const sums = Object.fromEntries(Object.entries(ledger.sums).map(([account, sum]) => [account, String(sum)]));
  return { problems: [...new Set(problems)], repeats, left: [...left.map(({ name }) => name), ...parked.late], sums };
}

/** How long `/health` may lag behind, ms: it is looked at every few seconds, by tasks that may just have been started. */
const LAG = 120_000;

/** As a person on call learns of what is of unknown outcome: of `ops`, and of the tasks' own `/health`. */
async function tellings({ platform, posture }: Stage, signal: AbortSignal): Promise<Told> {
  const listed = await perform({
    url: platform.operatorUrl,
    posture,
    parsed: parseOps(['unknown', 'list', '--limit', '500']),
    by: { who: 'soak', via: 'soak' },
    log: createLogger('soak', 'fatal'),
  });
  const lines = listed.tables.flatMap(({ rows }) => rows);
  const answers = lines.filter((line) => line['update'] !== undefined).length;
  const messages = lines.length - answers;
  let counted: Told['counted'];
  const agrees = () =>
    platform.tasks().some(({ health }) => {
      if (!health?.work) return false;
      counted = { messages: health.work.messages.unknown, answers: health.work.answers.unknown };
      return counted.messages === messages && counted.answers === answers;
    });
  // What it counts in the end is held against the list.
  await until('/health to count what ops lists', agrees, { signal, within: LAG, every: 500 }).catch(() => undefined);
  signal.throwIfAborted();
  return { listed, counted };
}

/** Telegram's list and our payments, one by one. */
function booksDiffer({ telegram }: Stage, payments: readonly PaymentRow[]): string[] {
  const problems: string[] = [];
  const { transactions } = telegram.stars();
  const byCharge = new Map(payments.map((payment) => [payment.charge, payment]));
  const back = new Set(transactions.filter(({ receiver }) => receiver).map(({ id }) => id));
  const came = transactions.filter(({ source }) => source);
  for (const { id, amount, source } of came) {
    const payment = byCharge.get(id);
    const payer = (source as { user: { id: number } }).user.id;
    if (!payment) problems.push(`${id} was paid, and is not booked`);
    else if (payment.user !== payer || payment.amount !== amount)
      problems.push(`${id}: ${payer} paid ${amount}, booked is ${payment.amount} of ${payment.user}`);
    else if (back.has(id) !== ['refunded', 'taken-back'].includes(payment.state))
      problems.push(`${id}: at Telegram it ${back.has(id) ? 'went back' : 'is ours'}, and here it is ${payment.state}`);
  }
  if (byCharge.size !== came.length) problems.push(`${came.length} payments at Telegram, ${byCharge.size} here`);
  return problems;
}

/** Credits by person: what was paid and not taken back, what was adjusted, less what was used. */
async function creditsDiffer(stage: Stage, { used }: Deeds): Promise<string[]> {
  const rows = await query<{ user: number; has: number; paid: number; given: number }>(
    stage,
    `SELECT user_id AS user, (available + held + debt)::int AS has,
       (SELECT coalesce(sum(credits), 0)::int FROM evenkeel.payment p
        WHERE p.bot_id = a.bot_id AND p.user_id = a.user_id AND state = 'credited') AS paid,
       (SELECT coalesce(sum(amount), 0)::int FROM evenkeel.ledger_tx t
        WHERE t.bot_id = a.bot_id AND t.user_id = a.user_id AND (kind = 'adjust' OR cause LIKE 'promo:%')) AS given
     FROM evenkeel.account a WHERE bot_id = $1`,
    [stage.botId],
  );
  const byFeatures = await taken(stage);
  return rows.flatMap(({ user, has, paid, given }) => {
    const spent = Number((used.get(user) ?? 0n) + (byFeatures.get(user) ?? 0n));
    return has === paid + given - spent
      ? []
      : [`user ${user} has ${has} credits: paid ${paid}, given ${given}, used ${spent}`];
  });
}
