import { chatOf, chatCosts, sellsSomething } from '../limits.ts';
import { TELEGRAM } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { INSTRUCTIONS } from './history-bounded.ts';
import { clause, law, plain, type Clause } from './law.ts';

type Packages = [string, Posture['payments']['packages'][string]][];

/** The same in US dollars, of those that have such a price. */
function inDollars(packages: Packages): Clause[] {
  const priced = packages.flatMap(([name, { credits, usd }]) =>
    usd === undefined ? [] : [{ name, credits, cents: Math.round(Number(usd) * 100) }],
  );
  return priced.slice(1).map(({ name, credits, cents }, index) => {
    const smaller = priced[index]!;
    const holds = cents > smaller.cents && cents * smaller.credits <= smaller.cents * credits;
    return clause(
      holds,
      `${name}: ${credits} credits for ${cents} cents ${holds ? 'are no dearer each than' : 'are no larger package at a better price than'} ${smaller.name} for ${smaller.cents}`,
      `${name} for more cents than ${smaller.name}, and for no more each`,
      plain(cents / credits),
    );
  });
}

/** The most bytes of a character, and so the most tokens. */
const BYTES = 4;

/** Whoever has bought the smallest package can have any answer: what it may cost is held before it is asked for. */
function answerIsWithinReach(posture: Posture, packages: Packages): Clause[] {
  const { history, providers } = posture;
  const chat = chatOf(posture);
  if (!chat) return [];
  if (!chatCosts(posture)) return [clause(true, 'chat.price 0: answers are free', 'nothing', 'nothing')];
  const [smallest] = packages;
  if (!smallest) return [];
  const [name, { credits }] = smallest;
  const { price } = chat;
  const asked = (history.characters + TELEGRAM.longestText + INSTRUCTIONS) * BYTES;
  const { maxTokens } = providers.openrouter;
  const most = Math.ceil((asked * price.in + maxTokens * price.out) / 1000);
  const holds = most <= credits;
  return [
    clause(
      holds,
      `an answer: (${asked} tokens asked × ${price.in} + ${maxTokens} answered × ${price.out}) ÷ 1000 = ${most} credits at most ${holds ? '≤' : '>'} ${credits} of ${name}`,
      `an answer at its dearest within the ${credits} credits of ${name}: a lower chat.price, a shorter history or a larger package`,
      plain(most),
    ),
  ];
}

function clauses(posture: Posture): Clause[] {
  const { payments } = posture;
  if (!sellsSomething(posture)) {
    const free = chatOf(posture)
      ? ', so answers of the chat are free for all: they cost credits with features.wallet on'
      : '';
    return [clause(true, `nothing is for sale${free}`, 'nothing', 'nothing')];
  }
  const packages = Object.entries(payments.packages).sort(([, a], [, b]) => a.credits - b.credits);
  const some = packages.length > 0;
  return [
    ...answerIsWithinReach(posture, packages),
    clause(
      some,
      `${packages.length} packages are for sale`,
      'at least one of payments.packages',
      String(packages.length),
    ),
    ...inDollars(packages),
    ...packages.slice(1).map(([name, { credits, stars }], index) => {
      const [before, smaller] = packages[index]!;
      const more = credits > smaller.credits && stars > smaller.stars;
      const cheaper = stars * smaller.credits <= smaller.stars * credits;
      const holds = more && cheaper;
      return clause(
        holds,
        `${name}: ${credits} credits for ${stars} Stars = ${plain(stars / credits)} each ${holds ? '≤' : 'is no larger package at a better price than'} ${plain(smaller.stars / smaller.credits)} of ${before} for ${smaller.stars}`,
        `${name} with more credits than ${before}, for more Stars, and for no more each`,
        plain(stars / credits),
      );
    }),
  ];
}

/** A slip in a price is found before somebody buys by it: two small packages are never cheaper than a large one. */
export const pricesHold = law({
  name: 'prices.hold',
  prevents: ['price-wrong'],
  says: 'Where something is for sale, a larger package costs more, and no more for each credit; any answer of the chat can be had with the smallest one.',
  clauses,
});
