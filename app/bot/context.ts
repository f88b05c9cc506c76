/** What a feature's handlers are given: grammY's context, and the turn that the update is handled in. */
import type { Context } from 'grammy';
import type { Turn } from '../lanes/update.ts';
import type { Language } from '../texts/index.ts';

export interface BotContext extends Context {
  /** Deadline, signal, log and lease of this update. Pass `turn.signal` to everything that waits. */
  turn: Turn;
  /** What its sender is spoken to in. */
  language: Language;
}
