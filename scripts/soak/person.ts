/** Somebody in a soak, what they do with the bot, and what has been done so far. */
import type { ChatMessage } from '../../local/contract/index.ts';
import type { Random } from './random.ts';
import { until, type Stage } from './stage.ts';

/** What has been done, as those know who did it: what the verdict holds the books against. */
export interface Deeds {
  /** Texts of reminders, by who wants them. */
  reminders: { user: number; text: string }[];
  /** Credits that were settled, by person. */
  used: Map<number, bigint>;
  /** What somebody was to be reminded of once they had the credits, by the name of its reserve. */
  carts: { user: number; of: string; text: string }[];
  /** What was written to all. */
  broadcasts: string[];
  /** Operations that did not come to an end, and whose they were. */
  failures: { of?: number; what: string }[];
}

export interface Person {
  id: number;
  stage: Stage;
  deeds: Deeds;
  random: Random;
  signal: AbortSignal;
}

export const said = ({ stage, id }: Person, from: number, matching: RegExp): ChatMessage | undefined =>
  stage.telegram
    .messages(id)
    .find((message) => message.from === 'bot' && message.messageId > from && matching.test(message.text));

export const lastOf = ({ stage, id }: Person): number => stage.telegram.messages(id).at(-1)?.messageId ?? 0;

/** Does something, and waits for what the bot says to it. */
export async function answered(person: Person, act: () => unknown, matching: RegExp): Promise<ChatMessage> {
  const from = lastOf(person);
  act();
  return until(`${matching} to ${person.id}`, () => said(person, from, matching), { signal: person.signal });
}

export const RECEIPT = /^Receipt R-\d+:/;
export const PACKAGES = ['small', 'medium', 'large'] as const;
