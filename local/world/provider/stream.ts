/** A streamed answer, in OpenRouter's shape: comments, pieces of the answer, what it took, [DONE]; and ways to go wrong. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ProviderFaults } from '../../contract/index.ts';
import type { Clock } from '../clock.ts';
import type { Completion } from './completion.ts';

const EVENT_STREAM = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };

interface Streaming {
  faults: ProviderFaults;
  clock: Clock;
  /** Between two words, ms; 0: all at once. */
  pace: number;
}

/** Writes all of it. In its midst it may fall silent for ever, be cut, or say that it failed. */
export async function stream(response: ServerResponse, answer: Completion, { faults, clock, pace }: Streaming) {
  const { usage: took, ...head } = answer;
  const usage = faults.overcounts
    ? { ...took, prompt_tokens: took.prompt_tokens * 1_000, completion_tokens: took.completion_tokens * 1_000 }
    : took;
  const { content } = answer.choices[0]!.message;
  const words = content.match(/\S+\s*|\s+/gu) ?? [content];
  const chunk = (delta: object, finish: string | null = null) => ({
    id: head.id,
    provider: head.provider,
    model: head.model,
    object: 'chat.completion.chunk',
    created: head.created,
    choices: [{ index: 0, delta, finish_reason: finish, native_finish_reason: finish, logprobs: null }],
  });
  response.writeHead(200, EVENT_STREAM);
  response.write(': OPENROUTER PROCESSING\n\n');
  const half = Math.ceil(words.length / 2);
  for (const [index, word] of words.entries()) {
    if (index === half) {
      if (faults.stalls) return;
      if (faults.cuts) return void response.destroy();
      if (faults.breaksOff) return void response.end(event({ ...chunk({ content: '' }, 'error'), ...BROKEN }) + DONE);
      if (faults.declines) return void response.end(event({ ...chunk({ content: '' }, 'error'), ...FLAGGED }) + DONE);
    }
    if (pace > 0) await new Promise<void>((resolve) => void clock.afterReal(pace, resolve));
    if (response.destroyed) return;
    if (!response.write(event(chunk({ role: 'assistant', content: word })))) await once(response, 'drain');
  }
  response.write(event(chunk({ role: 'assistant', content: '' }, answer.choices[0]!.finish_reason)));
  if (!faults.noUsage) response.write(event({ ...chunk({ role: 'assistant', content: '' }), usage }));
  response.end(DONE);
}

const event = (json: object): string => `data: ${JSON.stringify(json)}\n\n`;
const DONE = 'data: [DONE]\n\n';
const BROKEN = { error: { code: 502, message: 'Upstream error from the provider' } };
const FLAGGED = { error: { code: 403, message: 'The answer was flagged' } };
