import { chatOf, longestCall, mostSenders, sendsPerTask, showsAnswers } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, clause, law, lessThan, ms, plain, type Clause } from './law.ts';

/** While the database is away each task keeps to its part: all of them together to the whole. */
function shares(posture: Posture): Clause {
  const { global } = posture.providers.telegram.rate;
  const [tasks, share] = [mostSenders(posture), sendsPerTask(posture)];
  const holds = tasks * share <= global + 1e-6;
  return clause(
    holds,
    `${tasks} senders at the peak × ${plain(share)} without the database = ${plain(tasks * share)} ${holds ? '≤' : '>'} ${global} a second in all`,
    `at most ${global} a second in all`,
    plain(tasks * share),
  );
}

/**
 * What the bot sends stays within what Telegram lets it send, over all tasks together. The limiter of the workers
 * (app/providers/limiter) keeps these numbers at run time; a group's pace is its minute without the burst.
 */
export const ratesObeyed = law({
  name: 'rates.obeyed',
  prevents: ['rate-limit', 'broadcast-abort'],
  says: 'Broadcasts and the replies expected at the peak together stay within the messages a second that Telegram allows and the limiter keeps; waiting for a turn fits the handler.',
  clauses: (posture) => {
    const { telegram } = posture.providers;
    const { rate } = telegram;
    return [
      atMost({ broadcast: rate.broadcast, replies: rate.replies }, { 'a second in all': rate.global }, plain),
      shares(posture),
      lessThan({ chatBurst: rate.chatBurst }, { 'a minute in a group': rate.group }, plain),
      // Or each answer would wait for the looks that were taken at it.
      ...(showsAnswers(posture)
        ? [
            atMost(
              { 'looks a second at an answer': 1000 / chatOf(posture)!.stream.pace },
              { 'rate.chat': rate.chat },
              plain,
            ),
          ]
        : []),
      // A wait that is longer than its handler is an attempt lost, not an update postponed.
      atMost(
        { patience: rate.patience, telegram: longestCall(telegram) },
        { 'chat.handler': posture.jobs.chat.handler },
        ms,
      ),
    ];
  },
});
