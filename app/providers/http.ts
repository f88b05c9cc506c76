/** One HTTP client a provider and process, made once, closed under a deadline (fault client-lifecycle). */
import { Agent, errors, type Dispatcher } from 'undici';
import { describeError } from '../log.ts';
import { ProviderFailure, type Outcome } from './policy.ts';
import { publicConnector } from './public.ts';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'DELETE';
  /** With its query, below the provider's address. */
  path: string;
  /** Elsewhere than at the provider's address, such as where it keeps its results: `https://host`. */
  origin?: string;
  headers?: Record<string, string>;
  /** JSON. */
  body?: string;
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Undefined where the body is no JSON: a gateway in between may answer with a page. */
  json: unknown;
}

export interface HttpStream extends Omit<HttpAnswer, 'json'> {
  /** Read to its end or left by `break`, once; rejects with {@link ProviderFailure} where it breaks off. */
  body: AsyncIterable<Uint8Array>;
}

export interface HttpClient {
  /**
   * Resolves with whatever status came.
   * @throws {ProviderFailure} where no answer came, or one that is larger than `maxBytes`
   */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** The same, with a body that is read as it comes: no more of it is held than its reader has asked for. */
  stream(request: HttpRequest): Promise<HttpStream>;
  close(): Promise<void>;
}

interface HttpOptions {
  name: string;
  baseUrl: string;
  /** Deadline of connecting, of the answer's headers and of its body each, ms; the policy bounds the whole. */
  timeout: number;
  connections: number;
  /** Longest silence within a body, ms; default: the timeout. */
  idle?: number;
  /** Largest body of an answer: beyond it the connection is cut, and nothing more is held in memory. */
  maxBytes?: number;
  /** Whether addresses are others' word: then what is not of the public internet is as if nobody were there. */
  publicOnly?: boolean;
}

/** Beyond any answer of JSON that a provider has reason to give. */
const MAX_BYTES = 8 * 1024 * 1024;
const CLOSE_WITHIN = 2_000;

/** Errors that come before a byte of the request has left: repeating it cannot do anything twice. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What an error of a connection says about the request. */
export const outcomeOf = (error: unknown): Outcome =>
  error instanceof Error && 'code' in error && NOT_SENT.has(String(error.code)) ? 'not-done' : 'unknown';

export function createHttpClient(options: HttpOptions): HttpClient {
  const { name, baseUrl, timeout, idle = timeout, connections, maxBytes = MAX_BYTES, publicOnly = false } = options;
  const base = new URL(baseUrl);
  const prefix = base.pathname.replace(/\/$/, '');
  const agent = new Agent({
    connections,
    pipelining: 1,
    connect: publicOnly ? publicConnector(timeout) : { timeout },
    headersTimeout: timeout,
    bodyTimeout: idle,
    keepAliveTimeout: 30_000,
    maxResponseSize: maxBytes,
  });

  async function send({ method, path, origin, headers, body, signal }: HttpRequest): Promise<Dispatcher.ResponseData> {
    try {
      return await agent.request({
        origin: origin ?? base.origin,
        path: origin === undefined ? `${prefix}${path}` : path,
        method,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body }),
        signal,
      });
    } catch (error) {
      throw failure(error, signal);
    }
  }

  async function request(wanted: HttpRequest): Promise<HttpAnswer> {
    const { statusCode: status, headers, body } = await send(wanted);
    const text = await body.text().catch((error: unknown) => {
      throw failure(error, wanted.signal);
    });
    return { status, headers, json: parse(text) };
  }

  async function stream(wanted: HttpRequest): Promise<HttpStream> {
    const { statusCode: status, headers, body } = await send(wanted);
    return { status, headers, body: chunks(body, wanted.signal) };
  }

  async function* chunks(body: Dispatcher.ResponseData['body'], signal: AbortSignal): AsyncIterable<Uint8Array> {
    try {
      for await (const chunk of body) yield chunk as Uint8Array;
    } catch (error) {
      throw failure(error, signal);
    }
  }

  function failure(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted && !(error instanceof errors.UndiciError && error.code !== 'UND_ERR_ABORTED')) return error;
    return new ProviderFailure(`${name}: ${describeError(error)}`, outcomeOf(error), { cause: error });
  }

  return {
    request,
    stream,
    close: async () => {
      const timer = setTimeout(() => void agent.destroy(), CLOSE_WITHIN);
      await agent.close().finally(() => clearTimeout(timer));
    },
  };
}

/** All of a streamed body, where it turns out to be JSON. Undefined where it is not. */
export async function readJson({ body }: Pick<HttpStream, 'body'>): Promise<unknown> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return parse(Buffer.concat(pieces).toString());
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
