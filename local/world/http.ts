/** The few things of HTTP that the simulated services share, kept lean because they are peers in benchmarks. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A listening server. */
export interface Listening {
  /** `http://host:port` */
  readonly origin: string;
  /** Cuts every connection off and frees the port. */
  stop(): Promise<void>;
}

/** A body longer than the service accepts. */
export class BodyTooLarge extends Error {}

/**
 * Serves on `host:port` (0: any free one).
 * @throws where the address is taken, in one line that says how to choose another
 */
export async function listen(handler: Handler, host: string, port: number): Promise<Listening> {
  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0, noDelay: true }, (request, response) => {
    handler(request, response).catch((error: unknown) => fail(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${port} on ${host} is taken: choose another, or 0 for any free one`)
          : error,
      ),
    );
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.destroyed || response.headersSent) return;
  const tooLarge = error instanceof BodyTooLarge;
  const description = tooLarge
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
  const body = JSON.stringify({ ok: false, error_code: tooLarge ? 413 : 500, description });
  sendJson(response, tooLarge ? 413 : 500, body, tooLarge ? { connection: 'close' } : {});
}

/** The whole body. Rejects where it is longer than `limit` bytes or the client goes away. */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) reject(new BodyTooLarge(`Request Entity Too Large: more than ${limit} bytes`));
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(new Error('the client went away before its request was complete'));
    });
  });
}

/** Answers with JSON that is already text. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
