/** A stored update, and what its handler is given to handle it with. */
import type { QueueName } from '../../posture/schema/index.ts';
import type { Tx } from '../database/tx.ts';
import type { Logger } from '../log.ts';

export type { Tx };

/** Telegram took it, and answered so. */
export interface ConfirmedSend {
  method: string;
  state: 'ok';
  result: unknown;
}

/** Telegram said no: nothing was done. */
export interface RefusedSend {
  method: string;
  state: 'refused';
  error_code: number;
  description: string;
  parameters?: object;
}

/** It left, and no answer says what became of it: the user may have it (fault ambiguous-send). */
export interface AmbiguousSend {
  method: string;
  state: 'unknown';
  /** How often it has left without an answer. */
  tries: number;
  reason: string;
  /** When it left last, as ISO 8601 says it. */
  at: string;
}

/** An answer to a query (a tap, a payment) that left. Repeating it does no harm; that it is "too old" then says nothing. */
export interface AskedAnswer {
  method: string;
  state: 'asked';
}

/** A call to Telegram, at its place among those of its handler: sends first, answers to queries after them. */
export type SendRecord = ConfirmedSend | RefusedSend | AmbiguousSend | AskedAnswer;

/** As the release before wrote it: confirmed sends, and nothing else. */
type FormerRecord = { method: string; result: unknown };

/** Reads what earlier attempts recorded, of this release or the one before. A place may be empty. */
export const readSends = (recorded: readonly (SendRecord | FormerRecord | null)[]): (SendRecord | null)[] =>
  recorded.map((send) => (send === null || 'state' in send ? send : { ...send, state: 'ok' }));

export interface StoredUpdate {
  botId: number;
  updateId: number;
  queue: QueueName;
  lane: string;
  body: string;
  /** Time since it was stored, when it was read, ms by the database's clock. */
  age: number;
  attempts: number;
  takeovers: number;
  /** By place of call, in this attempt and earlier ones; null where nothing is known of a place. */
  sends: (SendRecord | null)[];
}

export interface Turn {
  update: StoredUpdate;
  /** Aborted at the handler's deadline, when the lane is lost, and when the drain runs out. */
  signal: AbortSignal;
  /** When the handler's time is over, ms since the epoch. */
  deadline: number;
  /** Says nothing of the update by itself: name its lane and id with what you log. */
  log: Logger;
  /** Throws {@link LaneLost} when the lane's lease can no longer be relied on: call it before every outward effect. */
  hold(): void;
  /**
   * Runs `work` in one transaction that only the holder of the lane can commit: a handler that was left behind or
   * overtaken changes nothing. One at a time. A call to Telegram or to a provider inside it throws at once.
   * @throws {LaneLost} where the lane is another's; whatever `work` throws, rolled back
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Marks the update done in the same commit: its effects and "done" are there together, or neither (fault charge-without-record). */
  done(tx: Tx): Promise<void>;
  /** Records what became of sends, so that they are not repeated when the update is run again. */
  recordSends(sends: StoredUpdate['sends']): Promise<void>;
}

export type UpdateHandler = (turn: Turn) => Promise<void>;
