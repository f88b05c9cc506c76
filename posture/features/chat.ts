/** What the chat declares. */
import { z } from 'zod';
import { switched } from './feature.ts';

export const chat = switched({
  flag: z.boolean().prefault(true).describe("Answer a user's text through the AI provider."),
  asks: ['openrouter'],
});
