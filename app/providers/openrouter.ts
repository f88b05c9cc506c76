/** An OpenRouter-compatible provider: a conversation in, an answer and what it took out. */
import { z } from 'zod';
import type { Posture } from '../../posture/schema/index.ts';
import type { Logger } from '../log.ts';
import { isBlank } from '../text.ts';
import { createHttpClient, type HttpAnswer } from './http.ts';
import { createPolicy, ProviderFailure, type ProviderPolicy } from './policy.ts';

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface Completion {
  /** Never empty. */
  text: string;
  /** The provider's own name for the answer, by which it can be asked what it cost. */
  id: string | undefined;
  /** Undefined where the provider does not say. */
  usage: Usage | undefined;
}

export interface Usage {
  promptTokens: number;
  completionTokens: number;
  /** In the provider's credits (US dollars), as it writes it. */
  cost: number | undefined;
}

export interface OpenRouter {
  /**
   * The model's answer.
   * @throws {RetryLater} breaker open or bulkhead full; {ProviderFailure} provider failed; {OpenRouterRefusal} it declined
   */
  complete(messages: ChatMessage[], signal: AbortSignal): Promise<Completion>;
  state: () => ReturnType<ProviderPolicy['state']> & {
    /** 1 since it said that our account has nothing left, until it answers again: a gauge. */
    balanceEmpty: 0 | 1;
  };
  close(): Promise<void>;
}

/** The provider understood and declined: key, credit, model or content. Trying again would not help. */
export class OpenRouterRefusal extends Error {
  override readonly name: string = 'OpenRouterRefusal';
}

/** Our account there is empty: nobody gets an answer until somebody fills it (alarm provider-balance-empty). */
export class OpenRouterEmpty extends OpenRouterRefusal {
  override readonly name = 'OpenRouterEmpty';
}

const completion = z.object({
  id: z.string().optional(),
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});
const usage = z.object({
  usage: z.object({
    prompt_tokens: z.number(),
    completion_tokens: z.number(),
    cost: z.number().optional(),
  }),
});
const error = z.object({ code: z.union([z.int(), z.string().transform(Number)]).catch(0), message: z.string() });
const refusal = z.object({ error });
const broken = z.object({ choices: z.array(z.object({ error })).min(1) });

const isOverloaded = (status: number): boolean => status >= 500 || status === 429 || status === 408;

/** The answer, or what it says went wrong; an error may stand inside a 200, once the model has begun. */
function read({ status, headers, json }: HttpAnswer): Completion {
  const said = refusal.safeParse(json).data?.error ?? broken.safeParse(json).data?.choices[0]!.error;
  if (isOverloaded(status)) throw new ProviderFailure(`openrouter: answered ${status}`, 'not-done');
  // With a Retry-After it is a budget of requests under way, and passes by itself; without, the account is empty.
  const code = status >= 400 ? status : said?.code;
  if (code === 402) {
    if (headers['retry-after'] !== undefined)
      throw new ProviderFailure('openrouter: 402, too much is under way', 'not-done');
    throw new OpenRouterEmpty(`openrouter: 402 ${said?.message ?? ''}`.trim());
  }
  if (status >= 400) throw new OpenRouterRefusal(`openrouter: ${status} ${said?.message ?? ''}`.trim());
  if (said) {
    if (said.code >= 400 && !isOverloaded(said.code))
      throw new OpenRouterRefusal(`openrouter: ${said.code} ${said.message}`);
    // What it has written until then may have been billed: not asked again on the spot.
    throw new ProviderFailure(`openrouter: ${said.code} inside a 200: ${said.message}`, 'unknown');
  }
  const answer = completion.safeParse(json).data;
  const text = answer?.choices[0]!.message.content.trim();
  if (!text || isBlank(text)) throw new ProviderFailure('openrouter: answered without text', 'unknown');
  const used = usage.safeParse(json).data?.usage;
  return {
    text,
    id: answer?.id,
    usage: used && { promptTokens: used.prompt_tokens, completionTokens: used.completion_tokens, cost: used.cost },
  };
}

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
  let balanceEmpty: 0 | 1 = 0;

  async function once(body: string, signal: AbortSignal): Promise<Completion> {
    try {
      const answer = read(await http.request({ method: 'POST', path: '/chat/completions', body, headers, signal }));
      balanceEmpty = 0;
      return answer;
    } catch (error) {
      if (error instanceof OpenRouterEmpty) balanceEmpty = 1;
      throw error;
    }
  }

  return {
    complete(messages, signal) {
      const body = JSON.stringify({ model: declared.model, max_tokens: declared.maxTokens, messages });
      return policy.call((own) => once(body, own), signal);
    },
    state: () => ({ ...policy.state(), balanceEmpty }),
    close: () => http.close(),
  };
}
