/** An OpenRouter-compatible provider: a conversation in, an answer out. */
import { z } from 'zod';
import type { Posture } from '../../posture/schema/index.ts';
import type { Logger } from '../log.ts';
import { isBlank } from '../text.ts';
import { createHttpClient } from './http.ts';
import { createPolicy, ProviderFailure, type ProviderPolicy } from './policy.ts';

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface OpenRouter {
  /**
   * The model's answer, never empty.
   * @throws {RetryLater} breaker open or bulkhead full; {ProviderFailure} provider failed; {OpenRouterRefusal} 4xx
   */
  complete(messages: ChatMessage[], signal: AbortSignal): Promise<string>;
  state: () => ReturnType<ProviderPolicy['state']>;
  close(): Promise<void>;
}

/** The provider understood and declined: key, credit, model or content. Trying again would not help. */
export class OpenRouterRefusal extends Error {
  override readonly name = 'OpenRouterRefusal';
}

const completion = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});
const refusal = z.object({ error: z.object({ message: z.string() }) });

export function createOpenRouter(posture: Posture, env: { baseUrl: string; apiKey: string }, log: Logger): OpenRouter {
  const declared = posture.providers.openrouter;
  const policy = createPolicy('openrouter', posture, log);
  const http = createHttpClient({
    name: 'openrouter',
    baseUrl: env.baseUrl,
    timeout: declared.timeout,
    connections: declared.concurrency,
  });
  const headers = { authorization: `Bearer ${env.apiKey}` };

  async function once(body: string, signal: AbortSignal): Promise<string> {
    const { status, json } = await http.post('/chat/completions', body, headers, signal);
    if (status >= 500 || status === 429 || status === 408)
      throw new ProviderFailure(`openrouter: answered ${status}`, 'not-done');
    if (status >= 400)
      throw new OpenRouterRefusal(`openrouter: ${status} ${refusal.safeParse(json).data?.error.message ?? ''}`.trim());
    const answer = completion.safeParse(json).data?.choices[0]?.message.content.trim();
    if (!answer || isBlank(answer)) throw new ProviderFailure('openrouter: answered without text', 'not-done');
    return answer;
  }

  return {
    complete(messages, signal) {
      const body = JSON.stringify({ model: declared.model, max_tokens: declared.maxTokens, messages });
      return policy.call((own) => once(body, own), signal);
    },
    state: policy.state,
    close: () => http.close(),
  };
}
