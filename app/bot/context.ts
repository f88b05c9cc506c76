/** What a feature's handlers are given: grammY's context, and the turn that the update is handled in. */
import type { Api, Context } from 'grammy';
import type { Turn } from '../lanes/update.ts';
import type { Language } from '../texts/index.ts';

export interface BotContext extends Context {
  /** Deadline, signal, log and lease of this update. Pass `turn.signal` to everything that waits. */
  turn: Turn;
  /** What its sender is spoken to in. */
  language: Language;
  /**
   * For what is shown for a moment and replaced by the answer: not in the journal, so it may be left out, or made again
   * when the update is run again; within Telegram's limits all others go first, and it waits for a second at most.
   */
  passing: () => Api;
}
