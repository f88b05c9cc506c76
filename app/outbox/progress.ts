/** How far something is that somebody waits for: one message, which each step replaces. */
import { InlineKeyboard } from 'grammy';
import type { Tx } from '../database/tx.ts';
import { say } from './say.ts';

interface Progress {
  /** Cause of all that is said of it. */
  of: string;
  /** Once a step. */
  step: string;
  chat: number;
  text: string;
  /** A tap that is offered beside: its words, and its data. */
  button?: [text: string, data: string] | undefined;
}

/** @returns whether it was new, as `say` does; in the caller's transaction */
export const sayProgress = (tx: Tx, { of, step, chat, text, button }: Progress): Promise<boolean> =>
  say(tx, {
    cause: `${of}:${step}`,
    class: 'progress',
    chat,
    method: 'sendMessage',
    payload: { text, ...(button && { reply_markup: new InlineKeyboard().text(...button) }) },
    replaces: of,
  });
