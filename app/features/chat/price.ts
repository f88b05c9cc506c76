/** What an answer costs in credits: whole ones, rounded up. Pure. */
import type { Posture } from '../../../posture/schema/index.ts';
import type { ChatMessage, Usage } from '../../providers/openrouter.ts';

/** Credits for a thousand tokens, of what is asked and of what is answered. */
export type Rates = Posture['chat']['price'];

type Tokens = Pick<Usage, 'promptTokens' | 'completionTokens'>;

export function priceOf(rates: Rates, { promptTokens, completionTokens }: Tokens): bigint {
  const thousandths = BigInt(rates.in) * BigInt(promptTokens) + BigInt(rates.out) * BigInt(completionTokens);
  return (thousandths + 999n) / 1000n;
}

/** Tokens in which a model wraps each message of a conversation, generously. */
const WRAPPING = 16;

/** The most that an answer to this can cost: no tokenizer makes more tokens than bytes, and the answer is bounded. */
export function mostOf(rates: Rates, asked: readonly ChatMessage[], maxTokens: number): bigint {
  const promptTokens = asked.reduce((sum, { content }) => sum + Buffer.byteLength(content) + WRAPPING, 0);
  return priceOf(rates, { promptTokens, completionTokens: maxTokens });
}

/** About what tokenizers make of a text, in its favour who pays. */
const CHARACTERS_A_TOKEN = 4;

/** Where the provider has not counted: by what has arrived, and nothing for the question. */
export const estimateOf = (rates: Rates, answer: string): bigint =>
  priceOf(rates, { promptTokens: 0, completionTokens: Math.ceil(answer.length / CHARACTERS_A_TOKEN) });
