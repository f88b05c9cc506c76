/**
 * A file by plain HTTP, into a file: addresses judged at each connection, redirects followed by hand so that each is
 * judged as well, bytes counted as they come out of whatever they were packed in (faults own-network, disk).
 */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Agent, type Dispatcher } from 'undici';
import { describeError } from '../../log.ts';
import { OtherPort, OwnNetwork, publicConnector, type Reach } from '../public.ts';
import { linkOf, nameOf } from './link.ts';
import { NotFetched } from './not-fetched.ts';

export interface Fetched {
  path: string;
  /** For people; never a path. */
  name: string;
  /** Bytes on the disk. */
  size: number;
}

export interface FetchRequest {
  link: URL;
  /** Where it is put; its caller removes it. */
  directory: string;
  /** Bytes on the disk at most. */
  maxBytes: number;
  signal: AbortSignal;
  /** Told of each piece: bytes so far, of how many where that is known. */
  progress: (bytes: number, of: number | undefined) => void;
}

export interface FetchClient {
  /**
   * @throws {NotFetched} what its person is told; `page` where there is a page in place of a file
   * @throws the reason of the signal where that is aborted
   */
  fetch(request: FetchRequest): Promise<Fetched>;
  close(): Promise<void>;
}

/** Redirects of one file: more lead in circles. */
const HOPS = 5;
/** A gap in what comes, ms: beyond it the other end is taken for gone. */
const GAP = 20_000;
const CONNECT_WITHIN = 10_000;
const CLOSE_WITHIN = 2_000;
/** Where websites are. */
export const WEB_PORTS = [80, 443];

/** Pages and lists: there is no one file in them. */
const PAGE = /^(text\/html|application\/xhtml\+xml|application\/(rss|atom)\+xml)/i;
const LIST = /^(application\/(vnd\.apple\.mpegurl|x-mpegurl|dash\+xml)|audio\/(x-)?mpegurl)/i;

const UNPACK: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

type Answer = Dispatcher.ResponseData;

const header = ({ headers }: Answer, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

export function createFetchClient(reach: Reach): FetchClient {
  const agent = new Agent({
    connect: publicConnector(CONNECT_WITHIN, reach),
    connections: 8,
    pipelining: 1,
    headersTimeout: GAP,
    bodyTimeout: GAP,
    // Nobody comes back to it: the next file is of another host.
    keepAliveTimeout: 1,
  });

  async function ask(url: URL, signal: AbortSignal): Promise<Answer> {
    try {
      return await agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'GET',
        headers: { 'user-agent': 'Mozilla/5.0 (compatible; evenkeel)', 'accept-encoding': 'identity', accept: '*/*' },
        signal,
      });
    } catch (error) {
      throw failure(error, signal, url);
    }
  }

  /** The answer with the file, wherever it has moved to. */
  async function follow(link: URL, signal: AbortSignal): Promise<{ url: URL; answer: Answer }> {
    let url = link;
    for (let hop = 0; hop <= HOPS; hop += 1) {
      const answer = await ask(url, signal);
      const to = answer.statusCode >= 300 && answer.statusCode < 400 ? header(answer, 'location') : undefined;
      if (to === undefined) return { url, answer };
      leave(answer);
      const next = URL.parse(to, url.href);
      const judged = next && linkOf(next.href);
      if (!judged) throw new NotFetched('address', `${url.host} leads on to what is no address of a website`);
      url = judged;
    }
    throw new NotFetched('circles', `${link.host}: more than ${HOPS} redirects`);
  }

  return {
    async fetch({ link, directory, maxBytes, signal, progress }) {
      const { url, answer } = await follow(link, signal);
      try {
        judge(answer, url, maxBytes);
      } catch (error) {
        leave(answer);
        throw error;
      }
      const path = join(directory, 'file');
      const length = header(answer, 'content-length');
      const encoding = header(answer, 'content-encoding')?.toLowerCase().trim();
      const isPacked = encoding !== undefined && encoding !== '' && encoding !== 'identity';
      // Of what is packed, the length says nothing about the file.
      const of = isPacked || length === undefined ? undefined : Number(length);
      let size = 0;
      const count = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          size += chunk.length;
          if (size > maxBytes) return done(new NotFetched('large', `${url.host}: more than ${maxBytes} bytes`));
          progress(size, of);
          done(null, chunk);
        },
      });
      const steps = isPacked ? [UNPACK[encoding]!(), count] : [count];
      try {
        await pipeline([answer.body, ...steps, createWriteStream(path)], { signal });
      } catch (error) {
        throw failure(error, signal, url);
      }
      if (size === 0) throw new NotFetched('empty', `${url.host}: nothing in it`);
      return { path, name: nameOf(url, header(answer, 'content-disposition')), size };
    },
    async close() {
      const timer = setTimeout(() => void agent.destroy(), CLOSE_WITHIN);
      await agent.close().finally(() => clearTimeout(timer));
    },
  };
}

/** Its connection is cut: nobody reads the rest. */
function leave({ body }: Answer): void {
  body.on('error', () => undefined);
  body.destroy();
}

/** What is known of it before its first byte. */
function judge(answer: Answer, { host }: URL, maxBytes: number): void {
  const { statusCode: status } = answer;
  const no = (why: NotFetched['why'], what: string) => new NotFetched(why, `${host}: ${what}`);
  if (status === 404 || status === 410) throw no('gone', String(status));
  if (status === 429) throw no('crowded', '429');
  if (status === 401 || status === 403 || status === 407 || status === 451) throw no('refused', String(status));
  if (status !== 200) throw no('failed', String(status));
  const type = header(answer, 'content-type') ?? '';
  if (PAGE.test(type)) throw no('page', 'a page');
  if (LIST.test(type)) throw no('page', 'a list of pieces');
  const length = Number(header(answer, 'content-length') ?? 0);
  if (length > maxBytes) throw no('large', `${length} bytes, of at most ${maxBytes}`);
  const encoding = (header(answer, 'content-encoding') ?? 'identity').toLowerCase().trim();
  if (encoding !== '' && encoding !== 'identity' && !Object.hasOwn(UNPACK, encoding))
    throw no('packed', `packed as ${encoding.slice(0, 40)}`);
}

/**
 * Errors of the network, in the words of {@link NotFetched}, and without them as its cause: their codes would be taken for
 * the database's, which is waited for without using an attempt.
 */
function failure(error: unknown, signal: AbortSignal, { host }: URL): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof NotFetched) return error;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof OwnNetwork || cause instanceof OtherPort) return new NotFetched('address', cause.message);
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(ENOTFOUND|ECONNREFUSED|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/.test(code))
    return new NotFetched('unreachable', `${host}: ${code}`);
  if (code === 'ENOSPC') return error;
  if (/^Z_|^ERR_.*BROTLI|^ERR__ERROR_/.test(code)) return new NotFetched('packed', `${host}: ${code}`);
  return new NotFetched('failed', `${host}: ${describeError(error)}`);
}
