/** Requests as Telegram sends them. */
import { connect, type Socket } from 'node:net';
import { WEBHOOK_SECRET } from './world.ts';

export const message = (updateId: number, chatId: number, text: string): object => ({
  update_id: updateId,
  message: {
    message_id: updateId,
    date: 1_750_000_000,
    chat: { id: chatId, type: 'private', first_name: 'Ada' },
    from: { id: chatId, is_bot: false, first_name: 'Ada' },
    text,
  },
});

export interface Delivery {
  status: number;
  retryAfter: number | undefined;
  /** ms. */
  took: number;
}

/** Delivers a body (an object as JSON) to a web task, with the right secret unless told otherwise. */
export async function deliver(
  origin: string,
  body: object | string | Buffer,
  headers: Record<string, string> = {},
): Promise<Delivery> {
  const started = performance.now();
  const response = await fetch(`${origin}/telegram/webhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': WEBHOOK_SECRET, ...headers },
    body: typeof body === 'string' ? body : Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body),
  });
  await response.arrayBuffer();
  const retryAfter = response.headers.get('retry-after');
  return {
    status: response.status,
    retryAfter: retryAfter === null ? undefined : Number(retryAfter),
    took: performance.now() - started,
  };
}

/** A connection on which a request is written by hand; `answer` collects what comes back. */
export function rawRequest(origin: string, text: string): { socket: Socket; answer: () => string } {
  const { hostname, port } = new URL(origin);
  let received = '';
  const socket = connect(Number(port), hostname, () => socket.write(text));
  socket.setEncoding('utf8');
  socket.on('data', (data: string) => (received += data));
  socket.on('error', () => undefined);
  return { socket, answer: () => received };
}

/** Headers of a delivery whose body is announced and never comes. */
export const headersOnly = (length: number, secret = WEBHOOK_SECRET): string =>
  [
    'POST /telegram/webhook HTTP/1.1',
    'host: bot',
    'content-type: application/json',
    `x-telegram-bot-api-secret-token: ${secret}`,
    `content-length: ${length}`,
    '',
    '',
  ].join('\r\n');
