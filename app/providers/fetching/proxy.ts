/**
 * The way out for a program that opens its own sockets: an HTTP proxy on loopback which resolves names itself, judges
 * the address that it then connects to, and counts what comes back (fault own-network). It is one job's, by a password
 * that only its program knows, and ends with it.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Transform, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OtherPort, OwnNetwork, publicTarget, type Reach } from '../public.ts';
import { NotFetched } from './not-fetched.ts';

export interface CheckingProxy {
  /** With its password: for `--proxy`. */
  url: string;
  /** Bytes that have come back through it. */
  bytes(): number;
  /** Why it let something not pass, the first time. */
  refused(): NotFetched | undefined;
  /** Cuts whatever is open, and waits until it is. */
  stop(): Promise<void>;
}

interface ProxyOptions {
  reach: Reach;
  /** Bytes that may come back; beyond it everything is cut. */
  maxBytes: number;
}

const CONNECT_WITHIN = 10_000;
/** Connections of one program at once. */
const MOST = 32;
/** Of a hop, not of the request; and what is between the program and us alone. */
const OF_THE_HOP = /^(proxy-.*|connection|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;

/** `host:port` of a CONNECT, with an IPv6 address in brackets. */
function authority(text: string): { host: string; port: number } | undefined {
  const [, bracketed, name, port] = /^(?:(\[[^\]]+\])|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? name;
  return host === undefined ? undefined : { host, port: Number(port) };
}

export async function startCheckingProxy({ reach, maxBytes }: ProxyOptions): Promise<CheckingProxy> {
  const password = randomBytes(16).toString('hex');
  const wanted = Buffer.from(`Basic ${Buffer.from(`job:${password}`).toString('base64')}`);
  const open = new Set<Duplex>();
  let bytes = 0;
  let refusal: NotFetched | undefined;

  const isOurs = ({ headers }: IncomingMessage): boolean => {
    const given = Buffer.from(headers['proxy-authorization'] ?? '');
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  };
  const keep = <Stream extends Duplex>(stream: Stream): Stream => {
    open.add(stream);
    stream.once('close', () => open.delete(stream));
    // What it is about is known where it is read.
    stream.on('error', () => undefined);
    return stream;
  };
  const counted = () =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        if (bytes <= maxBytes) return done(null, chunk);
        refusal ??= new NotFetched('large', `more than ${maxBytes} bytes`);
        for (const stream of open) stream.destroy();
        done(refusal);
      },
    });
  /** Remembers why, where it is about the address and not about who is there. */
  const note = (error: unknown): void => {
    if (error instanceof OwnNetwork || error instanceof OtherPort) refusal ??= new NotFetched('address', error.message);
  };

  /** A tunnel: what goes through it is not read. */
  async function tunnel(request: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    if (!isOurs(request)) return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const target = authority(request.url ?? '');
    if (!target) return void client.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    let server: Socket;
    try {
      server = await connected(target.host, target.port);
    } catch (error) {
      note(error);
      return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    }
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    server.write(head);
    await Promise.all([pipeline(client, server), pipeline(server, counted(), client)]).catch(() => undefined);
    client.destroy();
    server.destroy();
  }

  async function connected(host: string, port: number): Promise<Socket> {
    const socket = keep(connect({ ...publicTarget(host, port, reach), autoSelectFamily: true }));
    const late = setTimeout(() => socket.destroy(new Error(`${host}: no connection`)), CONNECT_WITHIN);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve).once('error', reject);
        socket.once('close', () => reject(new Error(`${host}: closed`)));
      });
    } finally {
      clearTimeout(late);
    }
    return socket;
  }

  /** A request in the clear, with its whole address. */
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isOurs(request)) return void response.writeHead(407).end();
    const url = URL.parse(request.url ?? '');
    if (url?.protocol !== 'http:') return void response.writeHead(400).end();
    const own = Object.entries(request.headers).filter(([name]) => !OF_THE_HOP.test(name));
    try {
      const socket = await connected(url.hostname, Number(url.port || 80));
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const onward = ask({
          createConnection: () => socket,
          path: url.pathname + url.search,
          method: request.method,
          headers: { ...Object.fromEntries(own), host: url.host, connection: 'close' },
          timeout: CONNECT_WITHIN,
        });
        onward.once('response', resolve).once('error', reject);
        onward.once('timeout', () => onward.destroy(new Error(`${url.host}: no answer`)));
        request.pipe(onward);
      });
      const back = Object.entries(answer.headers).filter(([name]) => !OF_THE_HOP.test(name));
      response.writeHead(answer.statusCode ?? 502, { ...Object.fromEntries(back), connection: 'close' });
      await pipeline(answer, counted(), response);
    } catch (error) {
      note(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(refusal ? 403 : 502).end();
    }
  }

  const server = createServer({ keepAliveTimeout: 1_000 }, (request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  server.maxConnections = MOST;
  server.on('connection', keep);
  server.on('connect', (request, client, head) => {
    tunnel(request, client as Socket, head).catch(() => client.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://job:${password}@127.0.0.1:${port}`,
    bytes: () => bytes,
    refused: () => refusal,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const stream of open) stream.destroy();
      server.closeAllConnections();
      await closed;
    },
  };
}
