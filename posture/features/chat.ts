/** What the chat declares. */
import { z } from 'zod';
import { duration } from '../units.ts';
import { switched } from './feature.ts';

export const chat = switched({
  flag: z.boolean().prefault(true).describe("Answer a user's text through the AI provider."),
  asks: ['openrouter'],
  settings: {
    chat: z
      .strictObject({
        stream: z
          .strictObject({
            by: z
              .enum(['drafts', 'edits', 'whole'])
              .prefault('drafts')
              .describe(
                'How an answer is shown while it is being written: as a draft, and where Telegram refuses one by edits; by edits of one message; or not before it is whole.',
              ),
            pace: duration('100ms', '1m', 'each is a message to Telegram')
              .prefault('1s')
              .describe(
                'Least time between two looks at an answer that is being written. They count as messages to their chat, and go out only where nobody else waits to send.',
              ),
          })
          .prefault({}),
      })
      .prefault({})
      .describe('Answers of the chat.'),
  },
});
