/**
 * The wire between one worker process and Telegram. It passes every call on, even when the worker dies meanwhile, as a request
 * that has left a machine does, and keeps a record of the sends: who sent what, since when, answered when.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';

/** A message on its way to Telegram. Times as Date.now() has them. */
export interface Send {
  /** Process that sent it. */
  readonly pid: number;
  readonly chatId: number;
  /** Number of the user's text that it answers. */
  readonly marker: number;
  readonly openedAt: number;
  /** When Telegram's answer was there; undefined while the send is open. */
  answeredAt: number | undefined;
  /** Telegram delivered it. */
  delivered: boolean;
}

export interface Wire {
  /** Value for TELEGRAM_API_ROOT, for one process only: what a dead one has left behind is never taken for its successor's. */
  readonly url: string;
  /** Who is at the other end. */
  belongsTo: (pid: number) => void;
  close(): Promise<void>;
}

const MARKER = /\bping-(\d+)\b/;

/** `sends` is added to. */
export async function openWire(apiRoot: string, sends: Send[]): Promise<Wire> {
  let pid = 0;
  const agent = new Agent({ connections: 512, pipelining: 1 });

  function note(path: string, body: string): Send | undefined {
    if (!path.endsWith('/sendMessage')) return undefined;
    const { chat_id: chatId, text } = JSON.parse(body) as { chat_id: number; text: string };
    const marker = Number(MARKER.exec(text)?.[1] ?? -1);
    const send: Send = {
      pid,
      chatId,
      marker,
      openedAt: Date.now(),
      answeredAt: undefined,
      delivered: false,
    };
    sends.push(send);
    return send;
  }

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const path = request.url!;
    const send = note(path, body);
    const headers = { 'content-type': 'application/json' };
    const answer = await agent.request({ origin: apiRoot, path, method: 'POST', headers, body });
    const text = await answer.body.text();
    if (send) {
      send.answeredAt = Date.now();
      send.delivered = answer.statusCode === 200;
    }
    response.writeHead(answer.statusCode, headers).end(text);
  }

  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    // Cut off by a worker that died before its request had left, or by the end of the test.
    pass(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    belongsTo: (owner) => void (pid = owner),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await agent.destroy();
      await closed;
    },
  };
}
