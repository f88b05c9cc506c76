import { GiB, payersInUse } from '../limits.ts';
import { RDS, TELEGRAM } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, clause, law, size, type Clause } from './law.ts';

/**
 * Bytes of a row on disk with its share of indexes and bloat: an update with its body, one without (measured: 25 MB for
 * 200,000 that are done, doubled), what is known of its sends, a message of a conversation; a job that is done and a
 * message of the outbox that was sent (measured on 100,000 of each, written and updated as workers do: 1,097 and 936 B,
 * indexes included), or that was given up with all it should have said; a recipient of a broadcast, whose words stand once.
 */
const ROW = {
  update: 2048,
  done: 256,
  sends: 256,
  job: 1280,
  message: 1024,
  said: 1024,
  unsaid: 2048,
  recipient: 512,
};
/** Longest that workers are planned to be away: what nobody handled for so long, Telegram itself would have given up. */
const BACKLOG = TELEGRAM.lifetime.update;
/** Share of the updates, jobs and messages that is planned to be given up: more has been paged about long before. */
const PARKED_SHARE = 0.01;
/**
 * Share of the updates that are planned to decide on a job, and so to something that is said by it or by what it paid for.
 */
const JOB_SHARE = 0.1;
/**
 * Payments are kept for ever: planned are five years in which one reply in a thousand sells something. Measured on 100,000
 * of each, with their indexes: order 407 B, payment 588, its line in Telegram's list 667, movement 420, its two entries
 * 688, account 117. What was bought is spent once: a reserve of 197 B, two movements, and four or five entries.
 */
const PAYMENTS = { kept: 5 * 365 * 86_400_000, share: 0.001, row: 3072, spent: 3072 };
/**
 * What a provider beside Telegram tells of one payment, byte by byte: NOWPayments of five steps, in some 900 bytes each;
 * with the row's head and its two indexes, and doubled.
 */
const CALLBACKS = { told: 5, row: 2048 };
/** The user's message and the bot's. */
const MESSAGES = 2;
/** Catalogue, empty schema, WAL at max_wal_size with a replica or a backup holding it back. */
const FIXED = 1 * GiB + 4 * GiB;
const SHARE = 0.7;

/** By the time in ms: updates while traffic stands at its declared peak, what the outbox says because of jobs, and what goes out to many. */
function planned({ providers }: Posture) {
  const { replies, broadcast } = providers.telegram.rate;
  const rows = (milliseconds: number) => (replies * milliseconds) / 1000;
  const said = (milliseconds: number) => (JOB_SHARE * replies * milliseconds) / 1000;
  const recipients = (milliseconds: number) => (broadcast * milliseconds) / 1000;
  return { rows, said, recipients };
}

/** Slots that are kept: one of each schedule, for as long as its row keeps the slot from being used again. */
const slots = ({ schedules, database: { retention } }: Posture): number =>
  Object.values(schedules).reduce((sum, { every }) => sum + Math.ceil(Math.max(retention.jobs, 2 * every) / every), 0);

/** Bytes of callbacks an update; none where nobody pays beside Telegram. */
const callbacks = (posture: Posture): number =>
  payersInUse(posture).length > 0 ? PAYMENTS.share * CALLBACKS.told * CALLBACKS.row : 0;

/** Bytes that are written in that time at the peak. */
function written(posture: Posture, milliseconds: number): number {
  const { rows, said, recipients } = planned(posture);
  const update = ROW.update + ROW.sends + MESSAGES * ROW.message;
  const payment = PAYMENTS.share * (PAYMENTS.row + PAYMENTS.spent);
  return (
    rows(milliseconds) * (update + JOB_SHARE * ROW.job + payment + callbacks(posture)) +
    said(milliseconds) * ROW.said +
    recipients(milliseconds) * ROW.recipient
  );
}

/** Bytes of data once everything retained has accumulated at the peak rate, by what holds them. */
export function dataAtRest(posture: Posture): Record<string, number> {
  const { retention } = posture.database;
  const { rows, said, recipients } = planned(posture);
  return {
    'a day nobody handled': rows(BACKLOG) * ROW.update,
    done: rows(retention.updates) * (ROW.done + ROW.sends),
    parked: rows(retention.parked) * PARKED_SHARE * (ROW.update + ROW.sends),
    jobs:
      (slots(posture) +
        JOB_SHARE * rows(BACKLOG + retention.jobs) +
        JOB_SHARE * PARKED_SHARE * rows(retention.parked)) *
      ROW.job,
    outbox: said(retention.outbox) * ROW.said + PARKED_SHARE * said(retention.parked) * ROW.unsaid,
    'recipients of broadcasts': recipients(retention.updates) * ROW.recipient,
    ...(callbacks(posture) > 0 && { callbacks: rows(retention.callbacks) * callbacks(posture) }),
    conversation: rows(retention.conversation) * MESSAGES * ROW.message,
    'payments of five years': rows(PAYMENTS.kept) * PAYMENTS.share * (PAYMENTS.row + PAYMENTS.spent),
    'catalogue and WAL': FIXED,
  };
}

function clauses(posture: Posture): Clause[] {
  const { storage } = posture.database;
  const grown = written(posture, RDS.autoscalePause);
  const headroom = storage.size * RDS.autoscaleAtFree;
  const fixed = storage.max === storage.size;
  return [
    atMost(dataAtRest(posture), { [`70 % of storage.max ${size(storage.max)}`]: storage.max * SHARE }, size),
    atMost({ 'storage.size': storage.size }, { 'storage.max': storage.max }, size),
    clause(
      fixed || grown <= headroom,
      fixed
        ? `storage does not grow: ${size(storage.size)} from the start`
        : `growth in 6h between two steps of autoscaling ${size(grown)} ${grown <= headroom ? '≤' : '>'} 10 % of ${size(storage.size)} = ${size(headroom)}`,
      `at most ${size(headroom)} written in the 6h in which storage cannot grow again`,
      size(grown),
    ),
  ];
}

/** What is retained at the peak rate fits the disk, and the disk grows faster than the data. */
export const storageLasts = law({
  name: 'storage.lasts',
  prevents: ['db-quota'],
  says: 'Everything retained at the peak rate fills at most 70 % of the largest storage, and autoscaling keeps ahead of it.',
  clauses,
});
