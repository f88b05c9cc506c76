/** What a person decides about a broadcast: begun, paused, gone on with, ended, or its text changed where it arrived. */
import type { Tx } from '../../database/tx.ts';
import { enqueue, isPending } from '../../jobs/enqueue.ts';
import { inAudit } from '../../people/index.ts';
import type { Content } from './content.ts';
import { keyOf, turns } from './job.ts';
import { auditBroadcast, changeText, isAnyRunning, lockBroadcast, move, type Broadcast, type Phase } from './store.ts';
import { tell, type Control } from './tell.ts';

/** `busy`: another one is under way. `stale`: it was decided otherwise before. `nothing`: there is nothing of that kind to do. */
export type Steered = 'done' | 'busy' | 'stale' | 'nothing';

/** Its next job is made where none is there to go on with it. */
async function go(tx: Tx, broadcast: Broadcast, phase?: Phase): Promise<void> {
  const { id, turn } = broadcast;
  const now = { broadcast: id, turn };
  const isThere = turn > 0 && (await isPending(tx, turns, keyOf(now)));
  const then = isThere ? now : { broadcast: id, turn: turn + 1 };
  const moved = await move(tx, id, { state: 'running', turn: then.turn, ...(phase && { phase }) });
  if (!isThere) await enqueue(tx, turns, then, { key: keyOf(then) });
  await tell(tx, moved, 'goes');
}

interface By {
  botId: number;
  userId: number;
}

const noted = (tx: Tx, { botId, userId }: By, verb: string, id: number, detail?: object): Promise<void> =>
  auditBroadcast(tx, { by: inAudit('owner', userId), botId, verb, id, ...(detail && { detail }) });

/** A draft goes out. */
export async function start(tx: Tx, by: By, broadcast: Broadcast): Promise<Steered> {
  const { id, segment, language, category } = broadcast;
  if (await isAnyRunning(tx, by.botId)) return 'busy';
  await go(tx, broadcast);
  await noted(tx, by, 'start', id, { segment, language, category });
  return 'done';
}

/** @param version of the button; undefined: by words, whatever came before */
export async function steer(tx: Tx, by: By, id: number, what: Control, version?: number): Promise<Steered> {
  const broadcast = await lockBroadcast(tx, id);
  if (broadcast?.botId !== by.botId) return 'nothing';
  if (version !== undefined && broadcast.version !== version) return 'stale';
  const { state, turn } = broadcast;
  // Decided again by the same words, or by an update that is run again, it is decided.
  if (
    (what === 'pause' && state === 'paused') ||
    (what === 'cancel' && state === 'cancelled') ||
    (what === 'resume' && state === 'running')
  )
    return 'done';
  const waits = state === 'paused' || state === 'stopped';
  if (!(waits ? ['resume', 'cancel'] : state === 'running' ? ['pause', 'cancel'] : []).includes(what)) return 'nothing';
  if (what === 'resume') {
    if (await isAnyRunning(tx, by.botId)) return 'busy';
    await go(tx, broadcast);
  } else {
    const moved = await move(tx, id, { state: what === 'pause' ? 'paused' : 'cancelled', turn });
    await tell(tx, moved, what);
  }
  await noted(tx, by, what, id);
  return 'done';
}

/** The text of one that is over is changed where it arrived. */
export async function correct(tx: Tx, by: By, id: number, content: Content): Promise<Steered> {
  const broadcast = await lockBroadcast(tx, id);
  if (broadcast?.botId !== by.botId || !isOver(broadcast)) return 'nothing';
  if (await isAnyRunning(tx, by.botId)) return 'busy';
  await changeText(tx, id, content);
  await go(tx, broadcast, 'edit');
  await noted(tx, by, 'edit', id);
  return 'done';
}

export const isOver = ({ state, sent }: Broadcast): boolean => (state === 'done' || state === 'cancelled') && sent > 0;
