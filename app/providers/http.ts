/** One HTTP client a provider and process, made once, closed under a deadline (fault client-lifecycle). */
import { Agent, errors, type Dispatcher } from 'undici';
import { describeError } from '../log.ts';
import { ProviderFailure, type Outcome } from './policy.ts';

export interface HttpClient {
  /** POSTs JSON; resolves with whatever status came. Rejects with {@link ProviderFailure} where no answer came. */
  post(
    path: string,
    body: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<{ status: number; json: unknown }>;
  close(): Promise<void>;
}

interface HttpOptions {
  name: string;
  baseUrl: string;
  /** Deadline of connecting, of the answer's headers and of its body each, ms; the policy bounds the whole. */
  timeout: number;
  connections: number;
}

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

export function createHttpClient({ name, baseUrl, timeout, connections }: HttpOptions): HttpClient {
  const base = new URL(baseUrl);
  const prefix = base.pathname.replace(/\/$/, '');
  const agent = new Agent({
    connections,
    pipelining: 1,
    connect: { timeout },
    headersTimeout: timeout,
    bodyTimeout: timeout,
    keepAliveTimeout: 30_000,
  });

  async function post(path: string, body: string, headers: Record<string, string>, signal: AbortSignal) {
    let answer: Dispatcher.ResponseData;
    try {
      answer = await agent.request({
        origin: base.origin,
        path: `${prefix}${path}`,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal,
      });
    } catch (error) {
      throw failure(error, signal);
    }
    const text = await answer.body.text().catch((error: unknown) => {
      throw failure(error, signal);
    });
    return { status: answer.statusCode, json: parse(text) };
  }

  function failure(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted && !(error instanceof errors.UndiciError && error.code !== 'UND_ERR_ABORTED')) return error;
    return new ProviderFailure(`${name}: ${describeError(error)}`, outcomeOf(error), { cause: error });
  }

  return {
    post,
    close: async () => {
      const timer = setTimeout(() => void agent.destroy(), CLOSE_WITHIN);
      await agent.close().finally(() => clearTimeout(timer));
    },
  };
}

/** A gateway in between may answer with a page instead of JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
