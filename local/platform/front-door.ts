/** What stands before the web tasks, as the load balancer does: known paths only, healthy targets in turn, honest errors. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool, type Dispatcher } from 'undici';
import { leadsTo, LIVE_PATH, READY_PATH, WAYS_IN } from '../../contract/paths.ts';
import type { Posture } from '../../posture/schema/index.ts';

export interface Target {
  id: string;
  port: number;
}

export interface FrontDoorOptions {
  posture: Posture;
  host: string;
  /** 0: any free one. */
  port: number;
}

export interface FrontDoor {
  readonly url: string;
  readonly port: number;
  /** Requests so far; of them those that no target answered (502, 503, 504). */
  counts(): { requests: number; errors: number };
  /** The targets that get requests from now on. One that is left out finishes what it has. */
  serve(targets: readonly Target[]): void;
  /** Resolves when a target that is no longer served has no request left, or deregistrationDelay is over. */
  drained(id: string): Promise<void>;
  stop(): Promise<void>;
}

/** Paths that are forwarded, with their methods; everything else is 404. */
const ROUTES = [...WAYS_IN, { path: LIVE_PATH, method: 'GET' }, { path: READY_PATH, method: 'GET' }];

/** Headers of one connection, not of the message (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'expect']);

/** Nobody was reached, so the request can go to another target even when it is a POST. */
const NOT_CONNECTED = new Set(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'EHOSTUNREACH', 'ENETUNREACH']);
const TIMED_OUT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

interface Backend extends Target {
  pool: Pool;
  inFlight: number;
  /** Called when the last request of a target that leaves has ended. */
  idle: (() => void) | undefined;
}

/** The headers that go on, as a flat list; `skip` tells which do not. */
function forwardedHeaders(request: IncomingMessage): string[] {
  const kept: string[] = [];
  const { rawHeaders } = request;
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (!HOP_BY_HOP.has(rawHeaders[i]!.toLowerCase())) kept.push(rawHeaders[i]!, rawHeaders[i + 1]!);
  kept.push('x-forwarded-for', request.socket.remoteAddress ?? '', 'x-forwarded-proto', 'http');
  return kept;
}

/** @throws an error with code EADDRINUSE when the port is taken */
export async function startFrontDoor({ posture, host, port }: FrontDoorOptions): Promise<FrontDoor> {
  const { idleTimeout, deregistrationDelay } = posture.ingress;
  const backends = new Map<string, Backend>();
  let healthy: Backend[] = [];
  let turn = 0;
  let requests = 0;
  let errors = 0;

  const server = createServer({ keepAliveTimeout: idleTimeout, requestTimeout: idleTimeout }, handle);

  function handle(request: IncomingMessage, response: ServerResponse): void {
    requests++;
    const path = request.url!.split('?', 1)[0]!;
    if (!ROUTES.some((way) => way.method === request.method && leadsTo(way.path, path)))
      return refuse(response, 404, 'nothing is here');
    const target = next();
    if (target) return forward(request, response, target, healthy.length);
    fail(response, 503, 'no healthy task');
  }

  function next(): Backend | undefined {
    if (healthy.length === 0) return undefined;
    turn = (turn + 1) % healthy.length;
    return healthy[turn];
  }

  function refuse(response: ServerResponse, status: number, why: string): void {
    // A body that nobody reads would keep the connection from being used again.
    response.req.resume();
    if (status === 503) response.setHeader('retry-after', Math.ceil(posture.telegram.retryAfter / 1000));
    response.writeHead(status, { 'content-type': 'text/plain' }).end(`${why}\n`);
  }

  function fail(response: ServerResponse, status: number, why: string): void {
    // The client went away: nobody is there to be told, and no task is to blame.
    if (response.destroyed) return;
    errors++;
    // An answer that has begun can only be cut off, so that it is not taken for a whole one.
    if (response.headersSent) response.destroy();
    else refuse(response, status, why);
  }

  function forward(request: IncomingMessage, response: ServerResponse, target: Backend, attempts: number): void {
    target.inFlight++;
    const finish = (): void => {
      target.inFlight--;
      if (target.inFlight === 0) target.idle?.();
    };
    target.pool.dispatch(
      {
        path: request.url!,
        method: request.method as Dispatcher.HttpMethod,
        headers: forwardedHeaders(request),
        body: request.method === 'POST' ? request : null,
        headersTimeout: idleTimeout,
        bodyTimeout: idleTimeout,
      },
      answerTo(response, finish, (error) => {
        finish();
        const code = (error as NodeJS.ErrnoException).code ?? '';
        const other = NOT_CONNECTED.has(code) && attempts > 1 && !request.readableDidRead ? next() : undefined;
        if (other) forward(request, response, other, attempts - 1);
        else if (TIMED_OUT.has(code)) fail(response, 504, 'the task did not answer in time');
        else fail(response, 502, 'the task broke the connection');
      }),
    );
  }

  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(port, host, () => listening());
  });
  const address = server.address() as AddressInfo;

  return {
    port: address.port,
    url: `http://${host}:${address.port}`,
    counts: () => ({ requests, errors }),
    serve(targets) {
      healthy = targets.map((target) => {
        const known = backends.get(target.id);
        if (known) return known;
        const pool = new Pool(`http://127.0.0.1:${target.port}`, {
          keepAliveTimeout: idleTimeout,
          keepAliveMaxTimeout: idleTimeout,
          connect: { timeout: 2000 },
        });
        const backend: Backend = { ...target, pool, inFlight: 0, idle: undefined };
        backends.set(target.id, backend);
        return backend;
      });
    },
    async drained(id) {
      const backend = backends.get(id);
      if (!backend) return;
      if (backend.inFlight > 0)
        await new Promise<void>((done) => {
          const late = setTimeout(done, deregistrationDelay);
          backend.idle = () => {
            clearTimeout(late);
            done();
          };
        });
      backends.delete(id);
      await backend.pool.destroy();
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), deregistrationDelay);
      await closed;
      clearTimeout(late);
      await Promise.all([...backends.values()].map(({ pool }) => pool.destroy()));
    },
  };
}

/** Passes a target's answer on as it comes; a client that went away ends the request. */
function answerTo(
  response: ServerResponse,
  finished: () => void,
  failed: (error: Error) => void,
): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      const gone = () => controller.abort(new Error('the client went away'));
      if (response.destroyed) return gone();
      response.once('close', () => {
        if (!response.writableFinished) gone();
      });
    },
    onResponseStart(controller, status, headers) {
      response.on('drain', () => controller.resume());
      const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name));
      response.writeHead(status, Object.fromEntries(kept));
    },
    onResponseData(controller, chunk) {
      if (!response.write(chunk)) controller.pause();
    },
    onResponseEnd() {
      response.end();
      finished();
    },
    onResponseError(_controller, error) {
      failed(error);
    },
  };
}
