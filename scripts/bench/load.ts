/** The load: 100 connections that each send an update, wait for the answer and send the next. Loopback only. */
import autocannon from 'autocannon';
import { WEBHOOK_SECRET } from './stage.ts';

export const CONNECTIONS = 100;
const CHATS = 1000;

export interface LoadResult {
  /** Answers 200 a second. */
  rate: number;
  /** Latency of an answer, ms. */
  p50: number;
  p99: number;
  /** Answers other than 200, and connections that broke. */
  failed: number;
}

let updateId = 1;

/** A message as Telegram sends it. */
export function message(id: number, chat: number, text: string): string {
  return JSON.stringify({
    update_id: id,
    message: {
      message_id: id,
      from: { id: chat, is_bot: false, first_name: 'Ada', language_code: 'en' },
      chat: { id: chat, first_name: 'Ada', type: 'private' },
      date: 1_790_000_000,
      text,
    },
  });
}

/** Loads the webhook for some seconds. */
export const load = (url: string, seconds: number, connections = CONNECTIONS): Promise<LoadResult> =>
  loadWith(
    `${url}/telegram/webhook`,
    seconds,
    () => {
      const id = updateId++;
      const headers = { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': WEBHOOK_SECRET };
      return { body: message(id, 1 + (id % CHATS), `message ${id}`), headers };
    },
    connections,
  );

/** Loads one address with requests of one's own. */
export async function loadWith(
  url: string,
  seconds: number,
  next: () => { body: string; headers: Record<string, string> },
  connections = CONNECTIONS,
): Promise<LoadResult> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: [{ method: 'POST', setupRequest: (request) => ({ ...request, ...next() }) }],
  });
  return {
    rate: result['2xx'] / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    failed: result.non2xx + result.errors + result.timeouts,
  };
}
