/** What providers beside Telegram have got: asked because of a callback, and by the clock while an order is open. */
import { z } from 'zod';
import { PAYERS, type CallbackSource } from '../../../posture/payers.ts';
import type { Tx } from '../../database/tx.ts';
import { withTx } from '../../database/tx.ts';
import { storedCallback } from '../../intake/callbacks/index.ts';
import { enqueue } from '../../jobs/enqueue.ts';
import { job } from '../../jobs/job.ts';
import { jobQueue } from '../../jobs/queue.ts';
import type { Run, ScheduleHandler } from '../../jobs/run.ts';
import type { UpdateHandler } from '../../lanes/update.ts';
import { balanceOf } from '../../ledger/index.ts';
import { describeError } from '../../log.ts';
import { Hopeless } from '../../outcome.ts';
import { say } from '../../outbox/index.ts';
import { fromCents } from '../../payments/decimal.ts';
import { keepCallback, lookBegins, noteUnknown, toLookAt } from '../../payments/deposit-rows.ts';
import { bookDeposit, type BookedDeposit } from '../../payments/deposits.ts';
import { bookedOf, compared, noteKeyless, noteTill, type Compared } from '../../payments/till-books.ts';
import { TillRefusal, type Deposit, type Till } from '../../payments/tills/index.ts';
import { languageOf } from '../../people/index.ts';
import type { JobNeeds } from '../feature.ts';
import { remember } from './forgotten.ts';
import { sayReceipt } from './words.ts';

export const deposits = jobQueue(
  'deposit',
  z.strictObject({ botId: z.int(), provider: z.enum(PAYERS), id: z.string().min(1) }),
);

/** Beyond the life of an offer: how long money may take to arrive and to be confirmed, ms. */
const LATE = 2 * 3_600_000;
/** How long the hourly look goes on: late money, further payments, decisions in a dashboard. ms */
const EVER = 14 * 86_400_000;

/** In the transaction that books it, and once for each change. */
async function tell(tx: Tx, botId: number, { applied, payment }: BookedDeposit): Promise<void> {
  // Of an order that nobody knows nobody is told: a person looks at it.
  if (!applied || !payment || payment.userId === 0) return;
  const { provider, charge, userId, credits, state } = payment;
  const text = sayReceipt(await languageOf(tx, botId, userId), payment, await balanceOf(tx, { botId, userId }));
  await say(tx, {
    cause: `receipt:${provider}:${charge}:${credits}:${state}`,
    class: 'receipt',
    chat: userId,
    method: 'sendMessage',
    payload: { text },
  });
}

type Book = (tx: Tx, seen: Deposit) => Promise<BookedDeposit>;

const booking =
  (botId: number, provider: CallbackSource, foundBy: 'callback' | 'reconciliation'): Book =>
  async (tx, seen) => {
    const booked = await bookDeposit(tx, { botId, provider, seen, foundBy });
    await tell(tx, botId, booked);
    return booked;
  };

/**
 * A callback that is in the inbox: kept byte by byte, and the job made that asks its provider. One that names no payment is
 * parked as it is: somebody has signed it.
 */
export const callbacks =
  ({ tills = {} }: Pick<JobNeeds, 'tills'>): UpdateHandler =>
  async (turn) => {
    const { update } = turn;
    const { botId, updateId } = update;
    const { source: provider, raw } = storedCallback(update);
    const till = tills[provider];
    if (!till) throw new Hopeless(`a callback of ${provider}, and no key is set to ask ${provider} what it means`);
    const id = till.idIn(parsed(raw));
    if (id === undefined) throw new Hopeless(`a callback of ${provider} that names no payment`);
    await turn.transaction(async (tx) => {
      await keepCallback(tx, { botId, id: updateId, provider, deposit: id, raw });
      await enqueue(tx, deposits, { botId, provider, id }, { key: `callback:${updateId}` });
      await turn.done(tx);
    });
  };

function parsed(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Asks about one, and about further payments to its address. */
export const deposit = ({ tills = {} }: JobNeeds) =>
  job(deposits, async ({ input: { botId, provider, id }, signal, hold, log, transaction, done }) => {
    const till = tills[provider];
    if (!till) throw new Hopeless(`no key is set to ask ${provider}`);
    const seen = await till.look([id], signal);
    const children = await till.look([...new Set(seen.flatMap((one) => one.children))], signal);
    if (seen.length === 0) throw new Hopeless(`${provider} does not know its own payment ${id}`);
    hold();
    const book = booking(botId, provider, 'callback');
    const booked = await transaction(async (tx) => {
      const all: BookedDeposit[] = [];
      for (const one of [...seen, ...children]) all.push(await book(tx, one));
      await done(tx);
      return all;
    });
    const states = booked.map(({ payment }) => payment?.state ?? 'nothing yet');
    if (states.includes('parked')) log.warn({ provider, deposit: id, states }, 'a payment is parked');
    return { provider, deposit: id, status: seen[0]!.status, states };
  });

interface Looked extends Compared {
  looked: number;
  booked: number;
  failed: number;
  /** Nothing of it failed, and nothing is left. */
  whole: boolean;
}

const add = (to: Compared, one: Compared): void => {
  for (const sum of ['expected', 'found', 'explained'] as const) to[sum] += one[sum];
};

/** Books what no callback has told; one that cannot be booked holds no other back. */
async function look(
  needs: JobNeeds,
  run: Pick<Run, 'signal' | 'log'>,
  which: Parameters<typeof toLookAt>[3],
): Promise<Record<string, Looked>> {
  const said: Record<string, Looked> = {};
  for (const till of Object.values(needs.tills ?? {})) said[till.name] = await lookAtOne(needs, run, till, which);
  return said;
}

/** Calls in a row that nobody has answered: the provider is away, and the look is given up. */
const AWAY = 3;

async function lookAtOne(
  needs: JobNeeds,
  { signal, log }: Pick<Run, 'signal' | 'log'>,
  till: Till,
  which: Parameters<typeof toLookAt>[3],
): Promise<Looked> {
  const { pool, botId } = needs;
  const provider = till.name;
  const result: Looked = { looked: 0, booked: 0, failed: 0, whole: false, expected: 0n, found: 0n, explained: 0n };
  const book = booking(botId, provider, 'reconciliation');
  const begun = await lookBegins(pool);
  const known = new Set<string>();
  const bookOne = async (one: Deposit) => {
    const booked = await withTx(pool, (tx) => book(tx, one));
    const { applied, payment } = booked;
    add(result, compared(booked));
    result.looked += 1;
    if (!applied) return;
    result.booked += 1;
    log.warn({ provider, deposit: one.id, state: payment?.state }, 'found by asking, and by no callback');
  };
  const bookAll = async (seen: readonly Deposit[]) => {
    for (const one of seen) {
      if (signal.aborted) return;
      await bookOne(one).catch((error: unknown) => {
        result.failed += 1;
        log.error({ provider, deposit: one.id, error: describeError(error) }, 'a payment could not be booked');
      });
    }
  };
  const batch = async (asked: readonly string[]) => {
    const seen = await till.look(asked, signal);
    const unknown = asked.filter((id) => !seen.some((one) => one.id === id));
    if (unknown.length > 0) {
      result.expected += await bookedOf(pool, botId, provider, unknown);
      await noteUnknown(pool, botId, provider, unknown);
    }
    const further = seen.flatMap(({ children }) => children).filter((child) => !known.has(child));
    for (const one of further) known.add(one);
    await bookAll(seen);
    await bookAll(await till.look(further, signal));
  };
  if ('allWithin' in which) {
    const { unknown, failed } = await remember(needs, { signal, log }, till);
    result.failed += failed;
    for (const { id } of unknown) known.add(id);
    await bookAll(unknown);
  }
  let silent = 0;
  while (!signal.aborted) {
    const page = (await toLookAt(pool, botId, provider, which, begun)).filter((id) => !known.has(id));
    // What could not be looked at is due still, and comes again in the next look.
    if (page.length === 0) return { ...result, whole: result.failed === 0 };
    for (const id of page) known.add(id);
    // What is asked about in one call is booked before the next one: what is cut short, or refused, holds no other back.
    for (let at = 0; at < page.length && !signal.aborted; at += till.atOnce) {
      try {
        await batch(page.slice(at, at + till.atOnce));
        silent = 0;
      } catch (error) {
        result.failed += 1;
        log.error({ provider, error: describeError(error) }, 'payments could not be looked at');
        silent = error instanceof TillRefusal ? 0 : silent + 1;
        if (silent === AWAY) return result;
      }
    }
  }
  return result;
}

export const depositSchedule =
  (needs: JobNeeds): ScheduleHandler =>
  async (run) => {
    const seen = await look(needs, run, { openWithin: needs.posture.payments.offerLasts + LATE });
    return Object.fromEntries(
      Object.entries(seen).map(([name, { looked, booked, failed }]) => [name, { looked, booked, failed }]),
    );
  };

export interface TillsReport {
  /** By provider: what was looked at, and expected, found, difference, explained in dollars. */
  tills: Record<string, Record<string, number | string | boolean>>;
  /** A person must look. */
  differs: boolean;
}

/** All of two weeks: part of the hourly reconciliation. */
export async function reconcileDeposits(needs: JobNeeds, run: Run): Promise<TillsReport> {
  const { pool, botId, tills = {} } = needs;
  const said: TillsReport = { tills: {}, differs: false };
  await noteKeyless(pool, botId, Object.keys(tills));
  for (const [name, seen] of Object.entries(await look(needs, run, { allWithin: EVER }))) {
    const { looked, booked, failed, whole, expected, found, explained } = seen;
    const difference = found - expected;
    const figures = { expected, found, difference, explained };
    const told = Object.fromEntries(Object.entries(figures).map(([what, cents]) => [what, fromSigned(cents)]));
    // What was not looked at is late, and nothing is known of it; what was looked at is known.
    const differs = failed === 0 && difference !== explained;
    said.tills[name] = { looked, booked, failed, whole, ...told, reconciled: whole && !differs };
    await noteTill(pool, botId, name as CallbackSource, seen, whole);
    if (!differs) continue;
    said.differs = true;
    run.log.error({ provider: name, ...told }, 'payments do not reconcile');
  }
  return said;
}

const fromSigned = (cents: bigint): string => (cents < 0n ? `-${fromCents(-cents)}` : fromCents(cents));
