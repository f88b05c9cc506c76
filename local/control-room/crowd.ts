/** A crowd that writes all at once, to see lanes move: its chats are counted, not shown. */
import type { SimulatedTelegram } from '../contract/index.ts';
import type { CrowdProgress } from './wire.ts';

/** Chat ids from here on belong to crowds: the simulated Telegram's floods begin just above. */
const FIRST_CROWD_CHAT = 1_000_000;
/** Messages, and chats, of one flood at most. */
export const MAX_CROWD = 500;

export const isCrowd = (chatId: number): boolean => chatId >= FIRST_CROWD_CHAT;

/** Has a crowd of `chats` say `messages` things in turn, at once. Earlier floods are counted no more. */
export function flood(telegram: SimulatedTelegram, messages: number, chats: number): void {
  telegram.resetFlood();
  telegram.flood({ updates: messages, chats: Math.min(chats, messages), firstChat: FIRST_CROWD_CHAT + 1 });
}

/** How far the crowd's answers have come. */
export function crowdProgress(telegram: SimulatedTelegram): CrowdProgress {
  const { wanted, acknowledged, replied, outOfOrder, latency } = telegram.floodReport();
  return { said: wanted, acknowledged, answered: replied, outOfOrder, p50: latency.p50, p99: latency.p99 };
}
