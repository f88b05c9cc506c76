/**
 * Telegram's Bot API under the declared policy, as the last transformer of grammY's client. What needs a file upload
 * goes on to grammY's own client, under the same policy.
 */
import { InputFile, type ApiCallFn, type Transformer } from 'grammy';
import type { ApiResponse } from 'grammy/types';
import type { Posture } from '../../posture/schema/index.ts';
import { RetryLater } from '../outcome.ts';
import type { Logger } from '../log.ts';
import { createHttpClient } from './http.ts';
import { createPolicy, ProviderFailure, type ProviderPolicy } from './policy.ts';

export interface TelegramClient {
  /** `hold` is called right before a request leaves, and throws where it may not leave any more. */
  transformer: (hold?: () => void) => Transformer;
  state: () => ReturnType<ProviderPolicy['state']>;
  close(): Promise<void>;
}

/** Longest pause that is believed: retry_after values of 10,000 s have been seen. */
const MAX_RETRY_AFTER = 86_400;

function containsFile(value: unknown): boolean {
  if (value instanceof InputFile) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(containsFile);
}

export function createTelegramClient(
  posture: Posture,
  env: { apiRoot: string; botToken: string },
  log: Logger,
): TelegramClient {
  const declared = posture.providers.telegram;
  const policy = createPolicy('telegram', posture, log);
  const http = createHttpClient({
    name: 'telegram',
    baseUrl: env.apiRoot,
    timeout: declared.timeout,
    connections: declared.concurrency,
  });

  async function once(
    method: string,
    body: string,
    signal: AbortSignal,
    hold?: () => void,
  ): Promise<ApiResponse<unknown>> {
    // Time may have passed in the bulkhead or between repeats, and the lane with it.
    hold?.();
    const { status, json } = await http.post(`/bot${env.botToken}/${method}`, body, {}, signal);
    // A 5xx says that nothing was done; a gateway's page says nothing at all.
    if (status >= 500 || json === undefined)
      throw new ProviderFailure(`telegram: ${method} answered ${status}`, status >= 500);
    return json as ApiResponse<unknown>;
  }

  const never = new AbortController().signal;
  const transformer =
    (hold?: () => void): Transformer =>
    async (prev: ApiCallFn, method, payload, signal) => {
      // grammY declares the signal of another library's AbortController; it is the same thing at run time.
      const given = (signal as AbortSignal | undefined) ?? never;
      const answer = containsFile(payload)
        ? await policy.call((own) => prev(method, payload, own as typeof signal), given)
        : await policy.call((own) => once(method, JSON.stringify(payload ?? {}), own, hold), given);
      if (!answer.ok && answer.error_code === 429) {
        const seconds = Math.min(answer.parameters?.retry_after ?? 1, MAX_RETRY_AFTER);
        throw new RetryLater(seconds * 1000, `telegram: asked to wait ${seconds} s before ${method}`);
      }
      return answer as Awaited<ReturnType<typeof prev<typeof method>>>;
    };

  return { transformer, state: policy.state, close: () => http.close() };
}
