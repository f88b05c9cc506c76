/**
 * The jobs of a broadcast: one at a time, each a turn that goes on for a while, commits after each few, and makes the next
 * one with its own end. So a person's pause or a deploy waits for a few messages, and a kill costs no more than those.
 */
import { z } from 'zod';
import { readHeld } from '../../database/lineage.ts';
import type { Tx } from '../../database/tx.ts';
import { enqueue } from '../../jobs/enqueue.ts';
import { job, type JobRun } from '../../jobs/job.ts';
import { jobQueue } from '../../jobs/queue.ts';
import { persist } from '../../lanes/persist.ts';
import { RetryLater } from '../../outcome.ts';
import type { JobNeeds } from '../feature.ts';
import { prepare } from './audience.ts';
import { giveUpLost, nextIn, settle, settleEdits, take, takeSent } from './recipients.ts';
import { lockBroadcast, move, nextTurn, wasPutBack, type Broadcast } from './store.ts';
import { tell } from './tell.ts';
import { createWriter, type Batch, type Written } from './write.ts';

export const turns = jobQueue('broadcast', z.strictObject({ broadcast: z.int(), turn: z.int() }));
type Turn = z.output<typeof turns.input>;

export const keyOf = ({ broadcast, turn }: Turn): string => `${broadcast}:${turn}`;

/** How long a turn goes on, ms: well within its deadline and any drain. */
const LASTS = 10_000;
/** Messages of one commit: what a kill leaves unknown. */
const MOST = 50;
/** How long they may take, ms: at a slow pace they are fewer, or they would outlast the deadline and the drain. */
const COMMIT_EVERY = 2_000;

/** Messages of one commit at so many a second. */
export const batchAt = (pace: number): number => Math.min(MOST, Math.max(1, Math.floor((pace * COMMIT_EVERY) / 1000)));
/** How often its maker is told, ms. */
const TELL_EVERY = 5_000;
/** Without a rate nothing goes out; it may be declared again. Looked at after so many ms. */
const RATELESS = 60_000;

/** The broadcast, locked, as long as this turn is the one that works on it. */
async function ours(tx: Tx, { broadcast: id, turn }: Turn): Promise<Broadcast | undefined> {
  const broadcast = await lockBroadcast(tx, id);
  return broadcast?.state === 'running' && broadcast.turn === turn ? broadcast : undefined;
}

/** Undefined where there is nothing to do for this turn. */
async function begin(tx: Tx, input: Turn, done: JobRun<Turn>['done']): Promise<{ lost: number } | undefined> {
  const broadcast = await lockBroadcast(tx, input.broadcast);
  const isOurs = broadcast?.turn === input.turn;
  // Also of one that was paused or cancelled meanwhile: this is the one run that knows of them.
  const lost = isOurs ? await giveUpLost(tx, broadcast.id) : 0;
  if (!isOurs || broadcast.state !== 'running') {
    await done(tx);
    return undefined;
  }
  if (!(await wasPutBack(tx, broadcast.id))) return { lost };
  // Whoever got it in the time that is not known here would get it again: a person decides.
  await interrupt(tx, broadcast, 'paused', 'restored');
  await done(tx);
  return undefined;
}

/** By itself: its maker decides how it goes on. */
async function interrupt(tx: Tx, { id, turn }: Broadcast, state: 'paused' | 'stopped', why: string): Promise<void> {
  await tell(tx, await move(tx, id, { state, turn, why }), why);
}

async function next(tx: Tx, input: Turn, pace: number): Promise<Batch | undefined> {
  const broadcast = await ours(tx, input);
  // Held by hand, or put back, while this turn goes on: like whatever else goes out.
  if (!broadcast || broadcast.phase === 'prepare' || (await readHeld(tx)).length > 0) return undefined;
  const { id, phase, revision, category, sent, edited } = broadcast;
  // The first one alone: what Telegram refuses because of what it says, it refuses once.
  const most = (phase === 'edit' ? edited : sent) === 0 ? 1 : batchAt(pace);
  const recipients = phase === 'edit' ? await takeSent(tx, id, revision, most) : await take(tx, id, category, most);
  return { broadcast, recipients };
}

/** The end of the turn: the broadcast's own, or the next turn in the same commit. */
async function end(tx: Tx, input: Turn): Promise<string> {
  const broadcast = await ours(tx, input);
  if (!broadcast) return 'not its turn any more';
  const { id, phase, revision, turn } = broadcast;
  const after = phase === 'prepare' ? 0 : await nextIn(tx, id, phase === 'edit' ? revision : undefined);
  if (after === undefined) {
    await tell(tx, await move(tx, id, { state: 'done', turn }), 'end');
    return 'done';
  }
  const then = { broadcast: id, turn: await nextTurn(tx, id) };
  await enqueue(tx, turns, then, { key: keyOf(then), after });
  return 'goes on';
}

async function write(needs: JobNeeds, run: JobRun<Turn>): Promise<Record<string, unknown>> {
  const { input, transaction, done, signal, hold, log } = run;
  const { broadcast: id } = input;
  const pace = needs.posture.providers.telegram.rate.broadcast;
  if (pace === 0) throw new RetryLater(RATELESS, 'providers.telegram.rate.broadcast is 0: nothing goes out');
  const until = performance.now() + LASTS;
  const isOver = (): boolean => performance.now() >= until;
  // Our own books, however long the database is away: what went out is not sent again.
  const keep = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => persist(() => transaction(work), signal, hold);

  const begun = await transaction((tx) => begin(tx, input, done));
  if (!begun) return { broadcast: id, ended: 'nothing to do' };
  if (begun.lost > 0)
    log.warn({ broadcast: id, recipients: begun.lost }, 'written to by a worker that was lost: unknown');

  let more = true;
  while (more && !isOver())
    more = await transaction(async (tx) => {
      const broadcast = await ours(tx, input);
      return broadcast?.phase === 'prepare' ? prepare(tx, broadcast.botId, id, broadcast) : false;
    });

  const { toMany } = needs;
  if (!toMany) throw new Error('there is nothing to write to many with');
  const writer = createWriter(toMany.post, { pace, signal, hold });
  let wrote = 0;
  let told = performance.now();
  let refused: string | undefined;
  while (refused === undefined && !isOver()) {
    const batch = await transaction((tx) => next(tx, input, pace));
    if (!batch || batch.recipients.length === 0) break;
    const written = await writer.write(batch);
    refused = written.refused;
    wrote += written.all.length;
    const tells = performance.now() - told >= TELL_EVERY;
    if (tells) told = performance.now();
    await keep((tx) => note(tx, batch, written, tells ? `${input.turn}:${wrote}` : undefined));
    if (written.nobody.length > 0) await toMany.mark(written.nobody);
  }
  if (refused !== undefined)
    log.warn({ broadcast: id, refused }, 'Telegram refuses what a broadcast says: it is stopped');
  const ended = await keep(async (tx) => {
    const became = await end(tx, input);
    await done(tx);
    return became;
  });
  return { broadcast: id, wrote, ended };
}

/** One commit for all of a batch, with what its maker is told of it. */
async function note(tx: Tx, { broadcast }: Batch, { all, refused }: Written, mark: string | undefined): Promise<void> {
  const { id, phase, revision } = broadcast;
  // A person may have changed its state meanwhile.
  const before = await lockBroadcast(tx, id);
  if (phase === 'edit') await settleEdits(tx, id, revision, all);
  else await settle(tx, id, revision, all);
  if (before?.state !== 'running') return;
  if (refused !== undefined) return interrupt(tx, before, 'stopped', 'content');
  if (mark !== undefined) await tell(tx, (await lockBroadcast(tx, id))!, mark);
}

export const handler = (needs: JobNeeds) => job(turns, (run) => write(needs, run));
