/** A crowd that writes all at once, to see lanes move: its chats are counted, not shown. */
import type { SimulatedTelegram, TelegramEvent } from '../contract.ts';
import { quantile } from './rates.ts';
import type { CrowdProgress } from './wire.ts';

/** Chat ids from here on belong to the crowd. */
export const FIRST_CROWD_CHAT = 7_000_000_000;
/** Messages of one flood at most. */
export const MAX_CROWD = 500;

const TEXTS = [
  'What is the capital of Iceland?',
  'Tell me a short joke',
  'How far is the moon?',
  'Which tea should I drink tonight?',
  'Explain tides in one sentence',
  'Give me a word for calm water',
];

export const isCrowd = (chatId: number): boolean => chatId >= FIRST_CROWD_CHAT;

export type Crowd = ReturnType<typeof createCrowd>;

export function createCrowd(telegram: SimulatedTelegram) {
  /** When each chat that waits for its answer spoke, ms. */
  const waiting = new Map<number, number>();
  let waits: number[] = [];
  let said = 0;

  return {
    /** Has `size` chats say one thing each. A flood in progress is counted on no more. */
    flood(size: number): void {
      waiting.clear();
      waits = [];
      said = size;
      for (let index = 0; index < size; index++) {
        const chatId = FIRST_CROWD_CHAT + index;
        waiting.set(chatId, performance.now());
        telegram.say(chatId, TEXTS[index % TEXTS.length]!, { firstName: `Guest ${index + 1}` });
      }
    },
    /** Takes an event of a crowd's chat into account. */
    see(event: TelegramEvent): void {
      const since = waiting.get(event.chatId);
      if (since === undefined || event.kind !== 'message' || event.message.from !== 'bot') return;
      waiting.delete(event.chatId);
      waits.push(performance.now() - since);
    },
    progress: (): CrowdProgress => ({
      said,
      answered: waits.length,
      p50: quantile(waits, 0.5),
      p99: quantile(waits, 0.99),
      running: waiting.size > 0,
    }),
  };
}
