/**
 * A message that goes out without a row of the outbox, as its sender keeps books of its own: that of a broadcast, of which
 * there are as many as there are people. It obeys what marketing obeys: behind everybody else's within the rate, and never
 * again where nobody knows whether it arrived.
 */
import { send, type SendOptions } from './send.ts';
import type { Became } from './store.ts';

export interface Posted {
  chat: number;
  method: string;
  /** Without `chat_id`. */
  payload: Record<string, unknown>;
}

/** `hold` is called right before the request leaves, and throws where it may not. Never rejects. */
export type Post = (message: Posted, run: Pick<SendOptions, 'signal' | 'hold'>) => Promise<Became>;

const NO_ROW = { id: 0, class: 'marketing', attempts: 1, age: 0, claimed: '', edits: null } as const;

export const createPost =
  (needs: Pick<SendOptions, 'telegram' | 'botToken' | 'apiRoot'>): Post =>
  (message, run) =>
    // For how long it is tried is its sender's business.
    send({ ...NO_ROW, ...message }, { ...needs, ...run, patience: Infinity });
