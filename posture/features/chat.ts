/** What the chat declares. */
import { z } from 'zod';
import { count, duration } from '../units.ts';
import { switched } from './feature.ts';

export const chat = switched({
  flag: z.boolean().prefault(true).describe("Answer a user's text through the AI provider."),
  asks: ['openrouter'],
  settings: {
    chat: z
      .strictObject({
        free: count(0, 1_000_000)
          .prefault(20)
          .describe(
            'Answers a day that each person has for nothing, by the clock of the database (UTC), where answers cost credits.',
          ),
        price: z
          .strictObject({
            in: count(0, 1_000_000)
              .prefault(1)
              .describe('Credits for 1,000 tokens of what is asked, the conversation with it included.'),
            out: count(0, 1_000_000).prefault(2).describe('Credits for 1,000 tokens of the answer.'),
          })
          .prefault({})
          .describe(
            'What an answer costs, rounded up to whole credits, beyond the free ones. It costs nothing where nothing is for sale (features.wallet off), and owners and support pay nothing.',
          ),
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
