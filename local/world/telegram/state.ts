/** What a simulated Telegram remembers from one run to the next. */
import { z } from 'zod';
import type { Chat } from './chats.ts';
import type { StarsState } from './stars.ts';
import type { QueueState } from './update-queue.ts';

/** Raised with the form of what is kept: what another release wrote is not read. */
const RELEASE = 1;

export interface TelegramState {
  release: typeof RELEASE;
  botToken: string;
  chats: Chat[];
  stars: StarsState;
  queue: QueueState;
}

/** So far that nothing of it breaks what reads it: the rest is of our own making. */
const form = z.looseObject({
  release: z.literal(RELEASE),
  botToken: z.string(),
  chats: z.array(z.looseObject({ id: z.int(), lastMessageId: z.int(), messages: z.array(z.looseObject({})) })),
  stars: z.looseObject({
    invoices: z.array(z.looseObject({})),
    payments: z.array(z.looseObject({})),
    links: z.array(z.tuple([z.string(), z.string()])),
    transactions: z.array(z.looseObject({})),
    mandates: z.array(z.looseObject({})),
  }),
  queue: z.looseObject({ nextId: z.int(), pending: z.array(z.looseObject({ id: z.int(), json: z.string() })) }),
});

/** @throws one line */
export function readState(state: unknown): TelegramState {
  const read = form.safeParse(state);
  if (!read.success) throw new Error('is not what this release of the simulated Telegram has written');
  return read.data as unknown as TelegramState;
}

export const stateOf = (parts: Omit<TelegramState, 'release'>): TelegramState => ({ release: RELEASE, ...parts });
