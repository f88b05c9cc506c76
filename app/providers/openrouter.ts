/** An OpenRouter-compatible provider: a conversation in, an answer piece by piece and what it took out. */
import { z } from 'zod';
import type { Posture } from '../../posture/schema/index.ts';
import type { Logger } from '../log.ts';
import { isBlank } from '../text.ts';
import { eventData } from './event-stream.ts';
import { createHttpClient, readJson, type HttpAnswer } from './http.ts';
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
   * @param heard told of all of the answer that has come so far, each time some more has; what it was told last stands
   *   when the answer breaks off
   * @throws {RetryLater} breaker open or bulkhead full; {ProviderFailure} provider failed, was silent for too long or broke
   *   off; {OpenRouterRefusal} it declined
   */
  complete(messages: ChatMessage[], signal: AbortSignal, heard?: (text: string) => void): Promise<Completion>;
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

const count = z.int().min(0);
const completion = z.object({
  id: z.string().optional(),
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
});
const usage = z.object({
  usage: z.object({ prompt_tokens: count, completion_tokens: count, cost: z.number().optional() }),
});
const error = z.object({ code: z.union([z.int(), z.string().transform(Number)]).catch(0), message: z.string() });
const refusal = z.object({ error });
const broken = z.object({ choices: z.array(z.object({ error })).min(1) });
/** A piece of a streamed answer; the last one, which says what it took, may have no choice in it. */
const piece = z.object({
  id: z.string().optional(),
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).optional(),
        finish_reason: z.string().nullish(),
      }),
    )
    .optional(),
});

const isOverloaded = (status: number): boolean => status >= 500 || status === 429 || status === 408;

type Said = z.output<typeof error>;

const errorIn = (json: unknown): Said | undefined =>
  refusal.safeParse(json).data?.error ?? broken.safeParse(json).data?.choices[0]!.error;

const usageIn = (json: unknown): Usage | undefined => {
  const used = usage.safeParse(json).data?.usage;
  return used && { promptTokens: used.prompt_tokens, completionTokens: used.completion_tokens, cost: used.cost };
};

/** An error inside a 200: the model had begun. */
function failureInside({ code, message }: Said): Error {
  if (code === 402) return new OpenRouterEmpty(`openrouter: 402 ${message}`.trim());
  if (code >= 400 && !isOverloaded(code)) return new OpenRouterRefusal(`openrouter: ${code} ${message}`);
  // What it has written until then may have been billed: not asked again on the spot.
  return new ProviderFailure(`openrouter: ${code} inside a 200: ${message}`, 'unknown');
}

/** @throws {ProviderFailure} where a person would see nothing of it */
function complete(said: string, id: string | undefined, used: Usage | undefined): Completion {
  const text = said.trim();
  if (!text || isBlank(text)) throw new ProviderFailure('openrouter: answered without text', 'unknown');
  return { text, id, usage: used };
}

/** The answer, or what it says went wrong; an error may stand inside a 200, once the model has begun. */
function read({ status, headers, json }: HttpAnswer): Completion {
  if (isOverloaded(status)) throw new ProviderFailure(`openrouter: answered ${status}`, 'not-done');
  const said = errorIn(json);
  // With a Retry-After it is a budget of requests under way, and passes by itself; without, the account is empty.
  if ((status >= 400 ? status : said?.code) === 402) {
    if (headers['retry-after'] !== undefined)
      throw new ProviderFailure('openrouter: 402, too much is under way', 'not-done');
    throw new OpenRouterEmpty(`openrouter: 402 ${said?.message ?? ''}`.trim());
  }
  if (status >= 400) throw new OpenRouterRefusal(`openrouter: ${status} ${said?.message ?? ''}`.trim());
  if (said) throw failureInside(said);
  const answer = completion.safeParse(json).data;
  return complete(answer?.choices[0]!.message.content ?? '', answer?.id, usageIn(json));
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new ProviderFailure('openrouter: an event of its stream is no JSON', 'unknown');
  }
}

/** The same of an answer that comes in pieces. It is whole where the model said why it ended. */
async function readPieces(
  body: AsyncIterable<Uint8Array>,
  heard: ((text: string) => void) | undefined,
): Promise<Completion> {
  let text = '';
  let id: string | undefined;
  let used: Usage | undefined;
  let ended = false;
  try {
    for await (const data of eventData(body)) {
      // Read on to the end, which comes with it: a body that is left half read costs its connection.
      if (data === '[DONE]') continue;
      const json = parse(data);
      const said = errorIn(json);
      if (said) throw failureInside(said);
      const next = piece.safeParse(json).data;
      const choice = next?.choices?.[0];
      id ??= next?.id;
      used = usageIn(json) ?? used;
      if (choice?.finish_reason) ended = true;
      if (!choice?.delta?.content) continue;
      text += choice.delta.content;
      heard?.(text);
    }
  } catch (failure) {
    // What comes after the answer is what it took, and may be missing.
    if (!ended || !(failure instanceof ProviderFailure)) throw failure;
  }
  if (!ended) throw new ProviderFailure('openrouter: the answer broke off', 'unknown');
  return complete(text, id, used);
}

/** Bytes of a streamed answer: what frames a token, and what comes beside tokens. */
const BYTES_A_TOKEN = 2_048;
const BYTES_BESIDE = 256 * 1024;

export function createOpenRouter(posture: Posture, env: { baseUrl: string; apiKey: string }, log: Logger): OpenRouter {
  const declared = posture.providers.openrouter;
  const policy = createPolicy('openrouter', posture, log);
  const http = createHttpClient({
    name: 'openrouter',
    baseUrl: env.baseUrl,
    timeout: declared.timeout,
    idle: declared.idle,
    connections: declared.concurrency,
    maxBytes: BYTES_BESIDE + declared.maxTokens * BYTES_A_TOKEN,
  });
  const headers = { authorization: `Bearer ${env.apiKey}` };
  let balanceEmpty: 0 | 1 = 0;

  async function once(body: string, signal: AbortSignal, heard?: (text: string) => void): Promise<Completion> {
    try {
      const begun = await http.stream({ method: 'POST', path: '/chat/completions', body, headers, signal });
      const inPieces = begun.status === 200 && /^text\/event-stream\b/i.test(String(begun.headers['content-type']));
      const answer = inPieces ? await readPieces(begun.body, heard) : read({ ...begun, json: await readJson(begun) });
      balanceEmpty = 0;
      return answer;
    } catch (error) {
      if (error instanceof OpenRouterEmpty) balanceEmpty = 1;
      throw error;
    }
  }

  return {
    complete(messages, signal, heard) {
      const { model, maxTokens } = declared;
      const streamed = { stream: true, stream_options: { include_usage: true } };
      const body = JSON.stringify({ model, max_tokens: maxTokens, messages, ...streamed });
      return policy.call((own) => once(body, own, heard), signal);
    },
    state: () => ({ ...policy.state(), balanceEmpty }),
    close: () => http.close(),
  };
}
