import { heapLimit, lanesPerTask } from '../limits.ts';
import { TELEGRAM } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, clause, law, plain, size, type Clause } from './law.ts';
import { HISTORY_COPIES } from './memory-fits.ts';

/** Share of the worker's heap limit that conversations may take. */
const SHARE = 0.5;
/** Tokens of the instructions that go before every conversation. */
export const INSTRUCTIONS = 1000;

function heapShare(posture: Posture): Clause {
  const chats = lanesPerTask(posture);
  const { characters } = posture.history;
  const bytes = chats * characters * HISTORY_COPIES;
  const limit = heapLimit(posture, 'worker') * SHARE;
  const holds = bytes <= limit;
  return clause(
    holds,
    `${chats} lanes × ${characters} characters × ${HISTORY_COPIES} bytes = ${size(bytes)} ${holds ? '≤' : '>'} half of the heap limit ${size(limit)}`,
    `conversations of all lanes in at most ${size(limit)}`,
    size(bytes),
  );
}

/** At worst a character is a token: emoji and rare scripts. */
const windowFits = ({ history, providers: { openrouter } }: Posture): Clause =>
  atMost(
    {
      'history.characters': history.characters,
      question: TELEGRAM.longestText,
      instructions: INSTRUCTIONS,
      maxTokens: openrouter.maxTokens,
    },
    { contextTokens: openrouter.contextTokens },
    plain,
  );

/** What a conversation carries along is bounded, in the heap of the worker and in the window of the model. */
export const historyBounded = law({
  name: 'history.bounded',
  prevents: ['history-memory', 'oom'],
  says: "The conversations of all lanes fit half of the worker's heap, and each fits its model's context window.",
  clauses: (posture) => [heapShare(posture), windowFits(posture)],
});
