/** Subscriptions by Stars, by the numbers of the cases: every month is booked once, and nobody pays for two. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { starSchedules } from '../../../app/features/money/reconcile.ts';
import { withTx } from '../../../app/database/tx.ts';
import { refusedWish } from '../../../app/payments/refused-wish.ts';
import { askRefund } from '../../../app/payments/refund.ts';
import { isReconciled, reconcile } from '../../../app/payments/reconcile.ts';
import { allow, cancel, wentBackOf } from '../../../app/payments/subscription.ts';
import {
  afterEvent,
  type SubscriptionEvent,
  type SubscriptionState,
} from '../../../app/payments/subscription-states.ts';
import { resolve } from '../../../posture/resolve.ts';
import { captureLog } from '../../harness/logs.ts';
import { openShop } from '../../harness/money.ts';
import { waitFor } from '../../harness/wait.ts';
import { raised, startWorld } from '../../harness/world.ts';

const written = {
  lanes: { poll: '200ms', sweep: '5s' },
  features: { chat: false },
  payments: { grace: '1s' },
  work: {
    mandate: { backoff: { first: '200ms', max: '1s' }, attempts: 4 },
    refund: { backoff: { first: '200ms', max: '1s' } },
  },
} as const;
const posture = resolve(raised(written));
const world = await startWorld({ after }, { posture: written });
const { telegram, botId } = world;
const database = await world.freshDatabase({ after });
const shop = await openShop({ after }, world, { database });
let users = 22_000;
const person = () => (users += 1);
/** Its payer cancels it in Telegram, and is told so. */
const cancelThere = async (user: number, payload: string) => {
  const heard = shop.next(user, /You have cancelled your subscription/);
  telegram.changeMandate(user, payload, 'canceled');
  await heard;
};
const MONTH = 2_592_000;

const payments = (user: number) =>
  database.sql<{ state: string; credits: number; charge: string }>(
    'SELECT state, credits::int, charge FROM evenkeel.payment WHERE user_id = $1 ORDER BY number',
    [user],
  );
const subscriptions = (user: number) =>
  database.sql<{ state: string; purchase: string; until: number; wish: string | null; charge: string }>(
    `SELECT state, purchase, wish, first_charge AS charge, extract(epoch FROM paid_until)::int AS until
     FROM evenkeel.subscription WHERE user_id = $1 ORDER BY started_at`,
    [user],
  );
const state = async (user: number) => (await subscriptions(user)).map((one) => one.state);
const credits = async (user: number) => Number((await shop.balance(user)).available);
const refusals: { chat: number; text: string }[] = [];
after(
  telegram.subscribe(
    (event) =>
      event.kind === 'callback-answer' && event.alert && refusals.push({ chat: event.chatId, text: event.text }),
  ),
);

/** Chooses a subscription and pays it; resolves to the payload of its invoice. */
async function subscribe(user: number): Promise<{ url: string; payload: string }> {
  const link = await shop.subscription(user);
  const receipt = shop.next(user, /^Receipt/);
  telegram.payLink(user, link.url);
  assert.match((await receipt).text, /600 credits for 250 Stars[^]*Your subscription is paid until/);
  return link;
}

test('22. a first payment and its renewals are each booked once, and paid until what Telegram says last', async () => {
  const user = person();
  const { payload } = await subscribe(user);
  const [first] = await subscriptions(user);
  assert.equal(first!.state, 'active');
  assert.equal(first!.purchase, payload);
  telegram.faults = { duplicates: 3 };
  const told = shop.next(user, /^Receipt/);
  const [renewal] = telegram.monthPasses(user);
  await told;
  telegram.faults = {};
  await shop.paidAgain(user, renewal!, 22);
  await shop.settled();
  const paid = await payments(user);
  assert.deepEqual(
    paid.map(({ charge, state: is, credits: given }) => [charge, is, given]),
    [
      [first!.charge, 'credited', 600],
      [renewal, 'credited', 600],
    ],
  );
  assert.equal(await credits(user), 1200);
  const [now] = await subscriptions(user);
  assert.deepEqual([now!.charge, now!.state], [first!.charge, 'active']);
  assert.equal(now!.until, telegram.mandates(user)[0]!.paidUntil);
  assert.equal(now!.until, first!.until + MONTH);
  await shop.ask(user, '/subscription', /monthly: paid until/);
  await shop.sound();
});

test('22. cancelled in Telegram and had again, cancelled in the bot and had again: Telegram agrees in the end', async () => {
  const user = person();
  const { payload } = await subscribe(user);
  await cancelThere(user, payload);
  assert.deepEqual(await state(user), ['canceled']);
  let heard = shop.next(user, /Your subscription goes on/);
  telegram.changeMandate(user, payload, 'active');
  await heard;
  assert.deepEqual(await state(user), ['active']);

  const { messageId } = await shop.ask(user, '/subscription', /paid until/);
  const canceled = shop.next(user, /^Cancelled: nothing more will be charged/);
  telegram.tap(user, messageId, 'subscription:cancel');
  await canceled;
  await waitFor(() => telegram.mandates(user)[0]!.canceledBy === 'bot', { what: 'Telegram to know' });
  await waitFor(async () => (await subscriptions(user))[0]!.wish === null, { what: 'the wish to be done' });
  const shown = await shop.ask(user, '/subscription', /cancelled/);
  const allowed = shop.next(user, /Telegram lets you have it again/);
  telegram.tap(user, shown.messageId, 'subscription:resume');
  await allowed;
  await waitFor(() => telegram.mandates(user)[0]!.canceledBy === 'user', { what: 'Telegram to allow it' });
  heard = shop.next(user, /Your subscription goes on/);
  telegram.changeMandate(user, payload, 'active');
  await heard;
  assert.deepEqual(await state(user), ['active']);
  const done = shop.next(user, /There is nothing to change/);
  telegram.tap(user, shown.messageId, 'subscription:resume');
  await done;
});

test('22. a renewal that fails is told, and one that is paid within the grace goes on', async () => {
  const user = person();
  await subscribe(user);
  const failed = shop.next(user, /could not be paid again/);
  telegram.monthPasses(user, { fails: true });
  await failed;
  assert.deepEqual(await state(user), ['failed']);
  const receipt = shop.next(user, /^Receipt/);
  telegram.monthPasses(user);
  await receipt;
  assert.deepEqual(await state(user), ['active']);
  assert.equal(await credits(user), 1200);
});

test('22. a plan that is not sold any more is paid on at its price', async () => {
  const user = person();
  const { url, payload } = await subscribe(user);
  await database.sql(
    `UPDATE evenkeel.purchase SET package = 'gone', expires_at = now() - interval '1 d' WHERE id = $1`,
    [payload],
  );
  // Whether Telegram asks before a renewal is not known: near the end of the month it is let through.
  await database.sql(`UPDATE evenkeel.subscription SET paid_until = now() + interval '1 h' WHERE purchase = $1`, [
    payload,
  ]);
  const receipt = shop.next(user, /^Receipt/);
  telegram.monthPasses(user);
  assert.match((await receipt).text, /600 credits for 250 Stars/);
  const before = refusals.length;
  telegram.payLink(user, url);
  await waitFor(() => refusals.length > before, { what: 'a refusal' });
  assert.match(refusals.at(-1)!.text, /paid already/);
});

test('22. who has a subscription is refused another; one that is paid all the same is cancelled and goes back', async () => {
  const user = person();
  const first = await shop.subscription(user);
  const second = await shop.subscription(user);
  const receipt = shop.next(user, /^Receipt/);
  telegram.payLink(user, first.url);
  await receipt;
  const before = refusals.length;
  telegram.payLink(user, second.url);
  await waitFor(() => refusals.length > before, { what: 'a refusal' });
  assert.match(refusals.at(-1)!.text, /You have a subscription already\. You have not been charged/);

  const told = shop.next(user, /this one is cancelled, and its Stars are on their way back/);
  const back = shop.next(user, /250 Stars went back to you/);
  const charge = telegram.charge(user, second.payload);
  await told;
  assert.doesNotMatch((await back).text, /subscription is over/);
  await waitFor(() => telegram.mandates(user).find((one) => one.charge === charge)?.canceledBy === 'bot', {
    what: 'the second mandate to be cancelled',
  });
  assert.deepEqual(await state(user), ['active', 'ended']);
  await waitFor(async () => (await subscriptions(user)).every(({ wish }) => wish === null), { what: 'no wish left' });
  assert.deepEqual(
    (await payments(user)).map((one) => one.state),
    ['credited', 'refunded'],
  );
  assert.equal(await credits(user), 600);
  const [{ who } = { who: '' }] = await database.sql<{ who: string }>(
    `SELECT who FROM evenkeel.audit WHERE target = 'stars:' || $1::text`,
    [charge],
  );
  assert.equal(who, 'bot');
  await shop.sound();
});

test('4. one link of a subscription, paid by two devices: the first begins it, the second is credits, and ends', async () => {
  const user = person();
  const { payload } = await subscribe(user);
  const told = shop.next(user, /paid for the same subscription twice/);
  const charge = telegram.charge(user, payload);
  await told;
  assert.equal(await credits(user), 1200);
  await waitFor(() => telegram.mandates(user).find((one) => one.charge === charge)?.canceledBy === 'bot', {
    what: 'the second mandate to be cancelled',
  });
  assert.equal(telegram.mandates(user).find((one) => one.charge !== charge)!.canceledBy, undefined);
  assert.deepEqual(await state(user), ['active']);
  await shop.sound();
});

async function refund(charge: string): Promise<void> {
  const wish = { botId, charge, by: 'owner:1', reason: 'they asked', atMost: undefined, force: true };
  const answer = await withTx(shop.pool, (tx) => askRefund(tx, wish));
  assert.ok(answer.asked);
}

test('22. a refund of the last month ends the subscription; one of a month before is only money', async () => {
  const user = person();
  await subscribe(user);
  const [first] = await payments(user);
  let receipt = shop.next(user, /^Receipt/);
  const [second] = telegram.monthPasses(user);
  await receipt;
  let back = shop.next(user, /went back to you/);
  await refund(first!.charge);
  assert.doesNotMatch((await back).text, /subscription is over/);
  assert.deepEqual(await state(user), ['active']);
  back = shop.next(user, /went back to you/);
  await refund(second!);
  assert.match((await back).text, /With them the subscription is over/);
  assert.deepEqual(await state(user), ['ended']);
  assert.equal(await credits(user), 0);
  await waitFor(() => telegram.mandates(user)[0]!.canceledBy === 'bot', { what: 'Telegram to know' });
  // Over is over, and can be begun anew.
  receipt = shop.next(user, /^Receipt/);
  const again = await shop.subscription(user);
  telegram.payLink(user, again.url);
  await receipt;
  assert.deepEqual(await state(user), ['ended', 'active']);
  await shop.sound();
});

test('11. a chargeback of any month ends the subscription', async () => {
  const user = person();
  await subscribe(user);
  const [first] = await payments(user);
  const receipt = shop.next(user, /^Receipt/);
  telegram.monthPasses(user);
  await receipt;
  const back = shop.next(user, /went back to you/);
  telegram.chargeBack(first!.charge);
  assert.match((await back).text, /With them the subscription is over/);
  assert.deepEqual(await state(user), ['ended']);
  assert.equal(await credits(user), 600);
  await waitFor(() => telegram.mandates(user)[0]!.canceledBy === 'bot', { what: 'Telegram to know' });
});

const run = () => ({
  job: { id: '1', name: 'test' },
  signal: new AbortController().signal,
  deadline: Date.now() + 25_000,
  log: captureLog().log,
});

test('28. what ends because its money was taken back ends by the clock of the database, whatever the worker’s says', async (t) => {
  const user = person();
  const { payload: purchase } = await subscribe(user);
  const { charge } = (await payments(user))[0]!;
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_000 });
  await withTx(shop.pool, (tx) => wentBackOf(tx, { botId, purchase, userId: user, charge }, { isTaken: true }));
  t.mock.timers.reset();
  const [row] = await database.sql<{ ahead: number }>(
    `SELECT extract(epoch FROM paid_until - now())::float8 AS ahead FROM evenkeel.subscription WHERE user_id = $1`,
    [user],
  );
  assert.ok(row!.ahead <= 0, `${row!.ahead} s ahead`);
});

test('3, 22. renewals that no update tells of are found in the list', async () => {
  const user = person();
  await subscribe(user);
  telegram.faults = { losePayments: true };
  const [charge] = telegram.monthPasses(user);
  telegram.faults = {};
  const needs = {
    pool: shop.pool,
    api: shop.api,
    botId,
    grace: 0,
    tell: () => Promise.resolve(),
    signal: new AbortController().signal,
    log: captureLog().log,
  };
  const report = await reconcile(needs);
  assert.deepEqual(
    report.credited.map((one) => one.charge),
    [charge],
  );
  assert.ok(isReconciled(report));
  assert.equal(await credits(user), 1200);
  assert.deepEqual(await state(user), ['active']);
  await shop.sound();
});

test('22. what is not paid again ends: cancelled with its month, failed after the grace, and it is told', async () => {
  const [gone, late, waiting] = [person(), person(), person()];
  for (const user of [gone, late, waiting]) await subscribe(user);
  const set = (user: number, is: string, ago: string) =>
    database.sql(`UPDATE evenkeel.subscription SET state = $2, paid_until = now() - $3::interval WHERE user_id = $1`, [
      user,
      is,
      ago,
    ]);
  await set(gone, 'canceled', '1 minute');
  await set(late, 'failed', '4 days');
  await set(waiting, 'failed', '1 day');
  const told = [gone, late].map((user) => shop.next(user, /Your subscription is over/));
  const { lapse } = starSchedules({ pool: shop.pool, posture, api: shop.api, botId });
  assert.deepEqual(await lapse(run()), { ended: 2 });
  await Promise.all(told);
  assert.deepEqual(await Promise.all([gone, late, waiting].map(state)), [['ended'], ['ended'], ['failed']]);
  assert.deepEqual(await lapse(run()), { ended: 0 });
  // Money begins it anew, whenever it comes.
  const receipt = shop.next(late, /^Receipt/);
  telegram.monthPasses(late);
  await receipt;
  assert.deepEqual(await state(late), ['active']);
});

test('27. Telegram does not answer, or with its own error: the subscription is as it was, and Telegram is told again', async (t) => {
  const user = person();
  await subscribe(user);
  const before = await subscriptions(user);
  t.after(() => void (telegram.faults = {}));
  telegram.faults = { error: true };
  await withTx(shop.pool, (tx) => cancel(tx, botId, user));
  const job = () =>
    database.sql<{ state: string; tries: number }>(
      `SELECT state::text, retry_count AS tries FROM pgboss.job WHERE name = 'mandate' AND data ->> 'userId' = $1`,
      [String(user)],
    );
  await waitFor(async () => (await job())[0]!.tries > 0, { what: 'a try that fails' });
  const [wished] = await subscriptions(user);
  // What was paid for stands, and the wish is kept until Telegram has heard it.
  assert.deepEqual([wished!.state, wished!.wish, wished!.until], ['canceled', 'cancel', before[0]!.until]);
  assert.equal(telegram.mandates(user)[0]!.canceledBy, undefined);
  telegram.faults = {};
  await waitFor(() => telegram.mandates(user)[0]!.canceledBy === 'bot', { what: 'Telegram to be told' });
  await waitFor(async () => (await subscriptions(user))[0]!.wish === null, { what: 'the wish to be fulfilled' });
  assert.equal((await subscriptions(user))[0]!.state, 'canceled');
  assert.deepEqual(
    (await job()).map(({ state }) => state),
    ['completed'],
  );
});

const jobs = (user: number) =>
  database.sql<{ state: string; waits: number }>(
    `SELECT state::text, extract(epoch FROM start_after - now())::float8 AS waits FROM pgboss.job
     WHERE name = 'mandate' AND data ->> 'userId' = $1 ORDER BY created_on`,
    [String(user)],
  );
const dead = (user: number) =>
  database.sql<{ why: string }>(
    `SELECT source_output::text AS why FROM pgboss.job
     WHERE name = 'dead' AND source_name = 'mandate' AND data ->> 'userId' = $1`,
    [String(user)],
  );
const fulfilled = async (user: number) => {
  await waitFor(async () => (await subscriptions(user)).every(({ wish }) => wish === null), { what: 'no wish left' });
  await waitFor(async () => (await jobs(user)).every((job) => job.state === 'completed'), { what: 'no job left' });
  assert.deepEqual(await dead(user), []);
};
/** As if Telegram had ended it by itself: it does not know its charge any more. */
const goneAtTelegram = (user: number) =>
  database.sql(`UPDATE evenkeel.subscription SET first_charge = 'gone' WHERE user_id = $1`, [user]);

test('11, 22. what is taken back of a subscription that its payer had cancelled, and that is over at Telegram, leaves nothing to do', async () => {
  const user = person();
  const { payload } = await subscribe(user);
  const receipt = shop.next(user, /^Receipt/);
  telegram.monthPasses(user);
  await receipt;
  await cancelThere(user, payload);
  telegram.monthPasses(user);
  assert.deepEqual(telegram.mandates(user), []);
  const back = shop.next(user, /went back to you/);
  telegram.chargeBack((await payments(user))[0]!.charge);
  await back;
  await fulfilled(user);
  assert.deepEqual(await state(user), ['ended']);
});

test('11, 22. what went back is not paid again, though its payer had cancelled it first and has it again at Telegram', async () => {
  const user = person();
  const { payload } = await subscribe(user);
  await cancelThere(user, payload);
  const back = shop.next(user, /went back to you/);
  telegram.chargeBack((await payments(user))[0]!.charge);
  await back;
  await fulfilled(user);
  assert.throws(() => telegram.changeMandate(user, payload, 'active'), /the bot has cancelled it/);
  // Should somebody with the bot's token allow it all the same, Telegram is told again.
  await shop.api.editUserStarSubscription(user, telegram.mandates(user)[0]!.charge, false);
  telegram.changeMandate(user, payload, 'active');
  await waitFor(() => telegram.mandates(user)[0]!.canceledBy === 'bot', { what: 'Telegram to be told again' });
  await fulfilled(user);
  assert.deepEqual(await state(user), ['ended']);
});

test('11, 22. so does one of which everything went back, whatever Telegram has made of it meanwhile', async () => {
  const user = person();
  await subscribe(user);
  await goneAtTelegram(user);
  const back = shop.next(user, /went back to you/);
  telegram.chargeBack((await payments(user))[0]!.charge);
  await back;
  await fulfilled(user);
});

test('11, 22. one that is paid and runs, and that Telegram does not cancel, is given up loudly, and the wish stays', async () => {
  const user = person();
  await subscribe(user);
  const receipt = shop.next(user, /^Receipt/);
  telegram.monthPasses(user);
  await receipt;
  await goneAtTelegram(user);
  telegram.chargeBack((await payments(user))[0]!.charge);
  await waitFor(async () => (await dead(user)).length === 1, { what: 'the job to be given up' });
  assert.match((await dead(user))[0]!.why, /does not cancel the subscription gone: .*CHARGE_ID_INVALID/);
  assert.equal((await subscriptions(user))[0]!.wish, 'cancel');
});

test('22. cancelled while a payment of it is late: whether it is over shows when the grace is, and a wish that changes counts', async () => {
  const user = person();
  await subscribe(user);
  await goneAtTelegram(user);
  await database.sql(`UPDATE evenkeel.payment SET paid_until = now() - interval '1 d' WHERE user_id = $1`, [user]);
  await withTx(shop.pool, (tx) => cancel(tx, botId, user));
  await waitFor(async () => (await jobs(user)).length === 2, { what: 'a further job' });
  const [first, second] = await jobs(user);
  assert.equal(first!.state, 'completed');
  assert.ok(Math.abs(second!.waits - 2 * 86_400) < 3_600, `${second!.waits} s`);
  assert.equal((await subscriptions(user))[0]!.wish, 'cancel');
  // The grace passes, and nothing was paid.
  await database.sql(`UPDATE evenkeel.payment SET paid_until = now() - interval '4 d' WHERE user_id = $1`, [user]);
  await database.sql(`UPDATE pgboss.job SET start_after = now() WHERE name = 'mandate' AND data ->> 'userId' = $1`, [
    String(user),
  ]);
  await fulfilled(user);
  assert.deepEqual(await state(user), ['canceled']);
});

test('22. what the bot has cancelled and is wanted again when its month is over has nothing to have again', async () => {
  const user = person();
  await subscribe(user);
  await withTx(shop.pool, (tx) => cancel(tx, botId, user));
  await fulfilled(user);
  telegram.monthPasses(user);
  await database.sql(`UPDATE evenkeel.payment SET paid_until = now() - interval '1 s' WHERE user_id = $1`, [user]);
  await withTx(shop.pool, (tx) => allow(tx, botId, user));
  await fulfilled(user);
});

test('a wish that Telegram refuses is fulfilled exactly where nothing is taken, or had, any more', () => {
  const hours = fc.integer({ min: -2_000, max: 2_000 });
  fc.assert(
    fc.property(
      fc.constantFrom('cancel' as const, 'resume' as const),
      fc.constantFrom<SubscriptionState>('active', 'canceled', 'failed', 'ended'),
      fc.boolean(),
      fc.boolean(),
      fc.option(hours),
      fc.integer({ min: 1, max: 720 }),
      (wish, state, stopped, isRefunding, late, graceHours) => {
        const [now, grace] = [new Date(), graceHours * 3_600_000];
        const left = late === null ? null : new Date(now.getTime() - late * 3_600_000);
        const known = { state, wish, stopped };
        const { is } = refusedWish({ wish, known, left, isRefunding, now, grace });
        const isPaid = left !== null && left > now;
        if (wish === 'cancel' && !stopped && isPaid) assert.ok(is === 'runs' || is === 'soon', is);
        if (wish === 'cancel' && stopped) assert.equal(is, 'over');
        if (is === 'due') assert.ok(late! >= 0 && late! < graceHours);
        if (is === 'soon') assert.ok(isRefunding);
        assert.equal(
          refusedWish({
            wish,
            known: { ...known, wish: wish === 'cancel' ? 'resume' : null },
            left,
            isRefunding,
            now,
            grace,
          }).is,
          'else',
        );
      },
    ),
  );
});

test('what Telegram says of a subscription that nobody knows changes nothing', async () => {
  const user = person();
  await database.sql(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, body) VALUES ($1, 77, 'payment', $2, $3)`,
    [
      botId,
      `${botId}:pay:${user}`,
      JSON.stringify({
        update_id: 77,
        subscription: { user: { id: user, is_bot: false, first_name: 'Ada' }, invoice_payload: 'x', state: 'failed' },
      }),
    ],
  );
  await shop.settled();
  assert.deepEqual(await subscriptions(user), []);
  const [{ state: became } = { state: '' }] = await database.sql<{ state: string }>(
    'SELECT state FROM evenkeel.inbox WHERE update_id = 77',
  );
  assert.equal(became, 'done');
});

test('only money begins what has ended, and nothing but the end follows from what was taken back', () => {
  const events: SubscriptionEvent[] = ['paid', 'canceled', 'resumed', 'failed', 'lapsed', 'taken-back'];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events)), (history) => {
      let is: SubscriptionState = 'active';
      for (const event of history) {
        const next: SubscriptionState | undefined = afterEvent(is, event);
        if (is === 'ended' && event !== 'paid') assert.ok(next === undefined || next === 'ended');
        if (event === 'paid') assert.equal(next, 'active');
        if (event === 'taken-back' || (event === 'lapsed' && is !== 'ended')) assert.equal(next, 'ended');
        is = next ?? is;
      }
    }),
  );
});
