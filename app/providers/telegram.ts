/**
 * Telegram's Bot API under the declared policy, as the last transformer of grammY's client. What needs a file upload
 * goes on to grammY's own client, under the same policy.
 */
import { HttpError, InputFile, type ApiCallFn, type Transformer } from 'grammy';
import type { ApiResponse } from 'grammy/types';
import type { RateHealth } from '../../contract/health.ts';
import { longestCall } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { RetryLater } from '../outcome.ts';
import type { Logger } from '../log.ts';
import { toWellFormedJson } from '../text.ts';
import { createArrivals, type Arrivals } from './arrivals.ts';
import { createHttpClient, outcomeOf } from './http.ts';
import type { Limiter, Rank } from './limiter/index.ts';
import { createPolicy, ProviderFailure, type ProviderPolicy } from './policy.ts';
import { isUnread, readAnswer } from './telegram-answer.ts';
import { isRepeatable } from './telegram-methods.ts';

/**
 * Sends whose outcome was not known, those of them that were sent once more, and those left to a person; and texts whose
 * markup Telegram could not read.
 */
export interface SendCounts {
  unknown: number;
  repeated: number;
  listed: number;
  unread: number;
}

export interface TelegramClient {
  /**
   * `leaving` is called right before a request leaves, and throws where it may not leave any more. `deadline` of the
   * handler, in ms of Date.now(): a send's turn within Telegram's limits is waited for no longer. `rank`: whom it lets
   * pass there.
   */
  transformer: (leaving?: (payload: unknown) => void, deadline?: number, rank?: Rank) => Transformer;
  /** Whether a send whose outcome is unknown may be repeated (providers.telegram.ambiguous). */
  readonly ambiguous: Posture['providers']['telegram']['ambiguous'];
  count: (what: keyof SendCounts) => void;
  /** Told of every send of an update, and asked before one is repeated. */
  readonly arrivals: Arrivals;
  state: () => ReturnType<ProviderPolicy['state']> & { sends: SendCounts; rate: RateHealth };
  isClosed: ProviderPolicy['isClosed'];
  close(): Promise<void>;
}

/**
 * Longest pause that is believed, s: values of 10,000 s have been seen, and a wrong one must not silence a chat for a
 * day. After it Telegram is asked again, and says how long it still wants to be left alone.
 */
export const MAX_RETRY_AFTER = 3_600;

function containsFile(value: unknown): boolean {
  if (value instanceof InputFile) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(containsFile);
}

export function createTelegramClient(
  posture: Posture,
  env: { apiRoot: string; botToken: string },
  log: Logger,
  limiter: Limiter,
): TelegramClient {
  const declared = posture.providers.telegram;
  const policy = createPolicy('telegram', posture, log);
  const { timeout, concurrency } = declared.upload;
  const { backoff, breaker } = declared;
  // A stream takes its time, and can be read once.
  const uploads = createPolicy('telegram', posture, log, { timeout, concurrency, attempts: 1, backoff, breaker });
  const http = createHttpClient({
    name: 'telegram',
    baseUrl: env.apiRoot,
    timeout: declared.timeout,
    connections: declared.concurrency,
  });
  const sends: SendCounts = { unknown: 0, repeated: 0, listed: 0, unread: 0 };

  async function post(method: string, body: string, signal: AbortSignal): Promise<ApiResponse<unknown>> {
    const { status, json } = await http.request({
      method: 'POST',
      path: `/bot${env.botToken}/${method}`,
      body,
      signal,
    });
    return readAnswer(method, json, status);
  }

  /** By grammY's own client, which reads files and streams. */
  async function upload(work: () => Promise<unknown>, method: string): Promise<ApiResponse<unknown>> {
    try {
      return readAnswer(method, await work());
    } catch (error) {
      // Anything but a failed fetch is about the file: an error of the handler's, like any other.
      const cause = error instanceof HttpError ? error.error : undefined;
      if (!(cause instanceof Error) || cause.name !== 'FetchError') throw error;
      throw new ProviderFailure(`telegram: ${method}: ${cause.message}`, outcomeOf(cause), { cause });
    }
  }

  const never = new AbortController().signal;
  const transformer =
    (leaving?: (payload: unknown) => void, deadline?: number, rank?: Rank): Transformer =>
    async (prev: ApiCallFn, method, payload, signal) => {
      // grammY declares the signal of another library's AbortController; it is the same thing at run time.
      const given = (signal as AbortSignal | undefined) ?? never;
      const repeatable = isRepeatable(method);

      async function call(sent: typeof payload): Promise<ApiResponse<unknown>> {
        const body = containsFile(sent) ? undefined : toWellFormedJson(sent ?? {});
        return (body === undefined ? uploads : policy).call(
          (own) => {
            // Time may have passed in the bulkhead or between repeats, and the lane with it.
            leaving?.(payload);
            if (body !== undefined) return post(method, body, own);
            return upload(() => prev(method, sent, own as typeof signal), method);
          },
          given,
          repeatable ? 'safe' : 'if-not-sent',
        );
      }

      // Before the bulkhead, so that waiting holds none of its places.
      await limiter.take(method, payload, given, deadline, rank);
      let answer: ApiResponse<unknown>;
      try {
        answer = await call(payload);
        const moved = movedTo(answer);
        // A group that became a supergroup: refused for the old id, so nothing was done, and said once to the new one.
        if (moved !== undefined && 'chat_id' in payload) answer = await call({ ...payload, chat_id: moved });
      } catch (error) {
        if (!repeatable || !(error instanceof ProviderFailure)) throw error;
        // Whatever became of it: doing it again does nothing twice, so it may be waited with as if it had not been done.
        throw new ProviderFailure(error.message, 'not-done', { cause: error });
      }
      if (answer.ok) limiter.heard(method, payload, undefined);
      else if (answer.error_code === 429) {
        const seconds = Math.min(Math.max(answer.parameters?.retry_after ?? 1, 1), MAX_RETRY_AFTER);
        limiter.heard(method, payload, seconds * 1000);
        throw new RetryLater(seconds * 1000, `telegram: asked to wait ${seconds} s before ${method}`);
      } else if (isUnread(answer)) sends.unread += 1;
      return answer as Awaited<ReturnType<typeof prev<typeof method>>>;
    };

  return {
    transformer,
    ambiguous: declared.ambiguous,
    arrivals: createArrivals(longestCall(declared)),
    count: (what) => (sends[what] += 1),
    isClosed: policy.isClosed,
    state: () => ({ ...policy.state(), sends: { ...sends }, rate: limiter.state() }),
    async close() {
      await Promise.all([limiter.close(), http.close()]);
    },
  };
}

const movedTo = (answer: ApiResponse<unknown>): number | undefined =>
  answer.ok ? undefined : answer.parameters?.migrate_to_chat_id;
