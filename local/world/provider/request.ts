/** A chat completion request, as far as OpenRouter checks it. */
import { z } from 'zod';

const part = z.looseObject({ type: z.string(), text: z.string().optional() });

export const completionRequest = z.looseObject({
  model: z.string().min(1),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
        content: z.union([z.string(), z.array(part), z.null()]).optional(),
      }),
    )
    .min(1),
  max_tokens: z.int().min(1).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
});

export type CompletionRequest = z.infer<typeof completionRequest>;

export interface Turn {
  role: string;
  text: string;
}

/** The conversation as plain texts. */
export function turns({ messages }: CompletionRequest): Turn[] {
  return messages.map(({ role, content }) => ({
    role,
    text: typeof content === 'string' ? content : (content ?? []).map((piece) => piece.text ?? '').join(''),
  }));
}
