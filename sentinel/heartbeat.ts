/**
 * A sign of life to somebody outside of AWS, who wakes on-call when it does not come: the one page that does not need the
 * account, its region, its topics or this function to be well.
 */
import { ask } from './ask.ts';
import type { Look } from './look.ts';

/** Longest wait for whoever is told, ms. */
export const HEARTBEAT_TIMEOUT = 5_000;

/** Whether there is one: a bot that does not answer, or says that it is unhealthy, gives none. */
export const isAlive = ({ bot }: Look): boolean => bot.kind === 'health' && bot.health.status !== 'unhealthy';

/** Calls the address, which is a secret. Never throws. @returns what went wrong, without the address */
export async function beat(url: string): Promise<string | undefined> {
  const answer = await ask({ url, signal: AbortSignal.timeout(HEARTBEAT_TIMEOUT) });
  if (answer.kind === 'silence') return `heartbeat: ${answer.reason}`;
  return answer.status < 300 ? undefined : `heartbeat: answered ${answer.status}`;
}
