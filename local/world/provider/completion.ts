/** The body of a successful answer, in OpenRouter's shape. */
import { randomBytes } from 'node:crypto';
import { turns, type CompletionRequest } from './request.ts';
import { respond } from './responder.ts';

/** About what the usual tokenizers make of a text. */
const CHARACTERS_A_TOKEN = 4;

export type Completion = ReturnType<typeof completion>;

/** `instead`: what is answered in place of what the simulation would say. */
export function completion(request: CompletionRequest, instead?: string) {
  const conversation = turns(request);
  const whole = instead ?? respond(conversation);
  const limit = request.max_tokens ?? Infinity;
  const cut = tokens(whole) > limit;
  const content = cut ? whole.slice(0, limit * CHARACTERS_A_TOKEN) : whole;
  const prompt = conversation.reduce((sum, turn) => sum + tokens(turn.text), 0);
  const answered = tokens(content);
  const reason = cut ? 'length' : 'stop';
  return {
    id: `gen-${Math.floor(Date.now() / 1000)}-${randomBytes(10).toString('base64url')}`,
    provider: 'Simulated',
    model: request.model,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    choices: [
      {
        index: 0,
        logprobs: null,
        finish_reason: reason,
        native_finish_reason: reason,
        message: { role: 'assistant', content, refusal: null, reasoning: null },
      },
    ],
    usage: { prompt_tokens: prompt, completion_tokens: answered, total_tokens: prompt + answered, cost: 0 },
  };
}

function tokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_A_TOKEN);
}
