import { atMost, law, plain } from './law.ts';

/**
 * What the bot sends stays within what Telegram lets it send, over all tasks together. One message a second to one chat
 * needs no number here: a chat's updates are handled one at a time, and a 429 reschedules the chat.
 */
export const ratesObeyed = law({
  name: 'rates.obeyed',
  prevents: ['rate-limit', 'broadcast-abort'],
  says: 'Broadcasts and the replies expected at the peak together stay within the messages a second that Telegram allows.',
  clauses: ({ providers: { telegram } }) => [
    atMost(
      { broadcast: telegram.rate.broadcast, replies: telegram.rate.replies },
      { 'a second in all': telegram.rate.global },
      plain,
    ),
  ],
});
