/**
 * Questions with buttons that are answered once: used up in the transaction of what the answer does, by the one whom they
 * were put to, and not for ever. A button that does the same however often it is tapped needs none of this.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Tx } from '../database/tx.ts';

export interface TapAction<Input, Choice extends string = string> {
  /** Part of the buttons' data: at most 16 of a-z and -. */
  name: string;
  input: z.ZodType<Input>;
  /** What its buttons choose between: each at most 16 of a-z, 0-9 and -. */
  choices: readonly Choice[];
}

export const tapAction = <Input, const Choice extends string>(
  name: string,
  input: z.ZodType<Input>,
  choices: readonly Choice[],
): TapAction<Input, Choice> => ({ name, input, choices });

export interface Question<Input> {
  botId: number;
  /** Who may answer. */
  userId: number;
  /** Asked again by the same cause, it is the same question with the same token. */
  cause: string;
  input: Input;
  /** ms */
  lasts: number;
}

/** 16 random bytes: callback data has room for 64, and somebody may send what no button of theirs says. */
const token = (): string => randomBytes(16).toString('base64url');

/**
 * tap_bot_id_cause_key. Puts a question.
 * @returns the data of its buttons, by what each chooses
 */
export async function ask<Input, Choice extends string>(
  tx: Tx,
  action: TapAction<Input, Choice>,
  { botId, userId, cause, input, lasts }: Question<Input>,
): Promise<(choice: Choice) => string> {
  const { rows } = await tx.query<{ token: string }>({
    name: 'ask-tap',
    text: `
      INSERT INTO evenkeel.tap (token, bot_id, user_id, action, cause, input, expires_at)
      VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 ms')
      ON CONFLICT (bot_id, cause) DO UPDATE SET cause = excluded.cause
      RETURNING token`,
    values: [token(), botId, userId, action.name, cause, JSON.stringify(input), lasts],
  });
  const of = rows[0]!.token;
  return (choice) => `${action.name}:${of}:${choice}`;
}

/** What the buttons' data of an action look like: its token, and what is chosen. */
export const dataOf = ({ name, choices }: TapAction<unknown>): RegExp =>
  new RegExp(`^${name}:([\\w-]{22}):(${choices.join('|')})$`);

/** Why a tap does nothing; each has its words. `old`: expired, or so old that nothing is known of it. */
export type Refusal = 'used' | 'old' | 'foreign';

export interface Tapped<Choice extends string = string> {
  botId: number;
  userId: number;
  updateId: number;
  token: string;
  choice: Choice;
}

/**
 * tap_pkey. Uses a question up, with its effect: both are committed, or neither. The update that did so before is given
 * what came of it then; the effect does not run again. Whoever taps at the same moment waits for the commit, and comes
 * too late.
 * @param effect its result is kept, and so is plain JSON
 */
export async function useTap<Input, Choice extends string, Result>(
  tx: Tx,
  action: TapAction<Input, Choice>,
  { botId, userId, updateId, token: of, choice }: Tapped<Choice>,
  effect: (input: Input, choice: Choice) => Promise<Result>,
): Promise<{ result: Result } | { refused: Refusal }> {
  const { rows } = await tx.query<{
    user: number;
    input: unknown;
    by: number | null;
    result: Result;
    expired: boolean;
  }>({
    name: 'lock-tap',
    text: `
      SELECT user_id AS user, input, used_by AS by, result, expires_at < now() AS expired FROM evenkeel.tap
      WHERE token = $1 AND bot_id = $2 AND action = $3 FOR UPDATE`,
    values: [of, botId, action.name],
  });
  const [row] = rows;
  if (!row) return { refused: 'old' };
  if (row.user !== userId) return { refused: 'foreign' };
  if (row.by === updateId) return { result: row.result };
  if (row.by !== null) return { refused: 'used' };
  const input = action.input.safeParse(row.input);
  if (row.expired || !input.success) return { refused: 'old' };
  const result = await effect(input.data, choice);
  await tx.query({
    name: 'use-tap',
    text: 'UPDATE evenkeel.tap SET used_by = $2, choice = $3, result = $4 WHERE token = $1',
    values: [of, updateId, choice, JSON.stringify(result ?? null)],
  });
  return { result };
}
