/** A Bot API and a bot on loopback that answer as told: what the sentinel looks at in these tests. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export const json =
  (status: number, body: unknown): Behaviour =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

export const text =
  (status: number, body: string): Behaviour =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'text/html' }).end(body);

/** Accepts and never answers. */
export const hang: Behaviour = () => undefined;

/** Begins an answer and never ends it. */
export const hangInBody: Behaviour = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"status":');
};

/** Ends the connection without an answer. */
export const reset: Behaviour = (request) => request.socket.destroy();

export interface Server {
  url: string;
  /** Path and authorization header of each request. */
  requests: { path: string; authorization: string | undefined }[];
  behave: Behaviour;
}

export async function serve(t: TestContext, behave: Behaviour): Promise<Server> {
  const state: Server = { url: '', requests: [], behave };
  const server = createServer((request, response) => {
    state.requests.push({ path: request.url ?? '', authorization: request.headers.authorization });
    state.behave(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return state;
}

/** An address that nobody listens at. */
export async function nobody(t: TestContext): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  t.diagnostic(`nobody listens at ${port}`);
  return `http://127.0.0.1:${port}`;
}

/** A bot that is well and tells details only to the right operator; a Telegram that knows one token. */
export async function world(t: TestContext) {
  const bot = await serve(t, (request, response) => {
    const operator = request.headers.authorization === 'Bearer operator-2';
    json(200, operator ? { status: 'healthy', reasons: [], queues: {} } : { status: 'healthy' })(request, response);
  });
  const telegram = await serve(t, (request, response) =>
    request.url?.startsWith('/bot1:new/')
      ? json(200, { ok: true, result: { url: '', pending_update_count: 0 } })(request, response)
      : json(401, { ok: false, error_code: 401, description: 'Unauthorized' })(request, response),
  );
  return { bot, telegram };
}
