import { GiB } from '../limits.ts';
import { RDS, TELEGRAM } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, clause, law, size, type Clause } from './law.ts';

/**
 * Bytes of a row on disk with its share of indexes and bloat: an update with its body, one without (measured: 25 MB for
 * 200,000 that are done, doubled), what is known of its sends, a job, a message.
 */
const ROW = { update: 2048, done: 256, sends: 256, job: 1024, message: 1024 };
/** Longest that workers are planned to be away: what nobody handled for so long, Telegram itself would have given up. */
const BACKLOG = TELEGRAM.lifetime.update;
/** Share of the updates that is planned to be given up: more has been paged about long before. */
const PARKED_SHARE = 0.01;
/**
 * Payments are kept for ever: planned are five years in which one reply in a thousand sells something, each with its order,
 * its movements, and its transaction in Telegram's list.
 */
const PAYMENTS = { kept: 5 * 365 * 86_400_000, share: 0.001, row: 2048 };
/** The user's message and the bot's. */
const MESSAGES = 2;
/** Catalogue, empty schema, WAL at max_wal_size with a replica or a backup holding it back. */
const FIXED = 1 * GiB + 4 * GiB;
const SHARE = 0.7;

/** Rows and bytes written a second when traffic stands at its declared peak. */
const peakRate = ({ providers }: Posture): number => providers.telegram.rate.replies;

/** Finished jobs that are kept: one a slot of each schedule. */
const jobs = ({ schedules, database: { retention } }: Posture): number =>
  Object.values(schedules).reduce((sum, { every }) => sum + Math.ceil(retention.jobs / every), 0);

/** Bytes of data once everything retained has accumulated at the peak rate, by what holds them. */
export function dataAtRest(posture: Posture): Record<string, number> {
  const { retention } = posture.database;
  const rows = (milliseconds: number) => (peakRate(posture) * milliseconds) / 1000;
  return {
    'a day nobody handled': rows(BACKLOG) * ROW.update,
    done: rows(retention.updates) * (ROW.done + ROW.sends),
    parked: rows(retention.parked) * PARKED_SHARE * (ROW.update + ROW.sends),
    jobs: jobs(posture) * ROW.job,
    conversation: rows(retention.conversation) * MESSAGES * ROW.message,
    'payments of five years': rows(PAYMENTS.kept) * PAYMENTS.share * PAYMENTS.row,
    'catalogue and WAL': FIXED,
  };
}

function clauses(posture: Posture): Clause[] {
  const { storage } = posture.database;
  const grown = peakRate(posture) * (ROW.update + ROW.sends + MESSAGES * ROW.message) * (RDS.autoscalePause / 1000);
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
