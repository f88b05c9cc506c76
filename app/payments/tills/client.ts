/** How a provider of payments is asked: the declared policy, JSON both ways, and no key in any error. */
import type { CallbackSource } from '../../../contract/paths.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import type { Logger } from '../../log.ts';
import { createHttpClient, type HttpAnswer, type HttpRequest } from '../../providers/http.ts';
import { createPolicy, ProviderFailure, type ProviderPolicy, type Repeat } from '../../providers/policy.ts';

export interface TillClient {
  /**
   * Resolves with an answer below 500 that is no 429.
   * @throws {ProviderFailure} {RetryLater}
   */
  ask(request: Omit<HttpRequest, 'signal'>, repeat: Repeat, signal: AbortSignal): Promise<HttpAnswer>;
  state: ProviderPolicy['state'];
  close(): Promise<void>;
}

/** Largest list that one of them gives. */
const MAX_BYTES = 4 * 1024 * 1024;

export function createTillClient(
  name: CallbackSource,
  { baseUrl, headers }: { baseUrl: string; headers: Record<string, string> },
  posture: Posture,
  log: Logger,
): TillClient {
  const { timeout, concurrency } = posture.payments.providers;
  const policy = createPolicy(name, posture, log);
  const http = createHttpClient({ name, baseUrl, timeout, connections: concurrency, maxBytes: MAX_BYTES });
  return {
    ask: (request, repeat, signal) =>
      policy.call(
        async (own) => {
          const answer = await http.request({ ...request, headers: { ...headers, ...request.headers }, signal: own });
          if (answer.status === 429) throw new ProviderFailure(`${name}: answered 429`, 'not-done');
          if (answer.status >= 500) throw new ProviderFailure(`${name}: answered ${answer.status}`, 'unknown');
          return answer;
        },
        signal,
        repeat,
      ),
    state: policy.state,
    close: () => http.close(),
  };
}
