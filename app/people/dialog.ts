/**
 * A conversation across several messages: where it stands is one row a chat, which only a step in a transaction moves on.
 * Its answers are replies to its questions (`force_reply`, which has a person's app reply by itself), so that what people
 * write in their own words costs nothing to find out whether a dialog waits for it.
 */
import { z } from 'zod';
import type { Pool } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';

export interface DialogKind<State> {
  name: string;
  /** Of the state's shape: grows when that changes, and what an older release began is then over. */
  version: number;
  state: z.ZodType<State>;
}

export const dialogKind = <State>(name: string, version: number, state: z.ZodType<State>): DialogKind<State> => ({
  name,
  version,
  state,
});

export interface Place {
  botId: number;
  chatId: number;
  userId: number;
}

/** dialog_pkey. Begins a dialog in place of whatever was under way in the chat. @param lasts ms */
export async function openDialog<State>(
  tx: Tx,
  { name, version }: DialogKind<State>,
  { botId, chatId, userId }: Place,
  { state, lasts }: { state: State; lasts: number },
): Promise<void> {
  await tx.query({
    name: 'open-dialog',
    text: `
      INSERT INTO evenkeel.dialog (bot_id, chat_id, user_id, kind, version, state, expires_at)
      VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 ms')
      ON CONFLICT (bot_id, chat_id) DO UPDATE SET
        user_id = excluded.user_id, kind = excluded.kind, version = excluded.version, state = excluded.state,
        expires_at = excluded.expires_at, stepped_by = NULL, ended = false`,
    values: [botId, chatId, userId, name, version, JSON.stringify(state), lasts],
  });
}

/** What a step may resolve to in place of a state: the dialog is over. */
export const ENDED = Symbol('ended');

export interface Step<State> {
  /** After the step; of an ended one, the last before. */
  state: State;
  ended: boolean;
  /** False where this very update made it before: its effects are there. */
  applied: boolean;
}

/**
 * dialog_pkey. One step, in the transaction of its effects and once for an update. Undefined where the chat has no such
 * dialog of this person: it was never begun, is over, has expired, or is another release's.
 */
export async function stepDialog<State>(
  tx: Tx,
  kind: DialogKind<State>,
  { botId, chatId, userId, updateId }: Place & { updateId: number },
  step: (state: State) => Promise<State | typeof ENDED>,
): Promise<Step<State> | undefined> {
  const { rows } = await tx.query<{ state: unknown; by: number | null; ended: boolean }>({
    name: 'lock-dialog',
    text: `
      SELECT state, stepped_by AS by, ended FROM evenkeel.dialog
      WHERE bot_id = $1 AND chat_id = $2 AND user_id = $3 AND kind = $4 AND version = $5 AND expires_at > now()
      FOR UPDATE`,
    values: [botId, chatId, userId, kind.name, kind.version],
  });
  const [row] = rows;
  const read = row && kind.state.safeParse(row.state);
  if (!read?.success) return undefined;
  const state = read.data;
  if (row!.by === updateId) return { state, ended: row!.ended, applied: false };
  if (row!.ended) return undefined;
  const next = await step(state);
  const after = { state: next === ENDED ? state : next, ended: next === ENDED };
  await tx.query({
    name: 'step-dialog',
    text: 'UPDATE evenkeel.dialog SET state = $3, ended = $4, stepped_by = $5 WHERE bot_id = $1 AND chat_id = $2',
    values: [botId, chatId, JSON.stringify(after.state), after.ended, updateId],
  });
  return { ...after, applied: true };
}

/**
 * dialog_pkey. Where it stands, without a step: for what has to be asked of others before the step can be made. As for
 * that, undefined where there is none, and what this very update has ended is still there.
 */
export async function dialogAt<State>(
  db: Pick<Tx, 'query'>,
  kind: DialogKind<State>,
  { botId, chatId, userId, updateId }: Place & { updateId: number },
): Promise<State | undefined> {
  const { rows } = await db.query<{ state: unknown }>({
    name: 'dialog-at',
    text: `
      SELECT state FROM evenkeel.dialog
      WHERE bot_id = $1 AND chat_id = $2 AND user_id = $3 AND kind = $4 AND version = $5 AND expires_at > now()
        AND (NOT ended OR stepped_by = $6)`,
    values: [botId, chatId, userId, kind.name, kind.version, updateId],
  });
  return rows[0] && kind.state.safeParse(rows[0].state).data;
}

/** dialog_pkey, tap_person. What somebody was asked in a chat, and what they have answered; in groups only what is theirs. */
export async function forgetAsked(pool: Pool, { botId, chatId, userId }: Place): Promise<void> {
  await pool.query({
    name: 'forget-asked',
    text: `
      WITH questions AS (DELETE FROM evenkeel.tap WHERE bot_id = $1 AND user_id = $3)
      DELETE FROM evenkeel.dialog WHERE bot_id = $1 AND chat_id = $2 AND user_id = $3`,
    values: [botId, chatId, userId],
  });
}
