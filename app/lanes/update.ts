/** A stored update, and what its handler is given to handle it with. */
import type { QueueName } from '../../posture/schema/index.ts';
import type { Logger } from '../log.ts';

/** A send to Telegram that was confirmed: which method, and what Telegram answered. */
export interface ConfirmedSend {
  method: string;
  result: unknown;
}

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
  /** Confirmed so far, in this attempt and earlier ones. */
  sends: ConfirmedSend[];
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
  /** Records sends that were confirmed, so that they are not repeated when the update is run again. */
  recordSends(sends: ConfirmedSend[]): Promise<void>;
}

export type UpdateHandler = (turn: Turn) => Promise<void>;
