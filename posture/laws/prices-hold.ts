import { sellsSomething } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { clause, law, plain, type Clause } from './law.ts';

function clauses(posture: Posture): Clause[] {
  const { payments } = posture;
  if (!sellsSomething(posture)) return [clause(true, 'nothing is for sale', 'nothing', 'nothing')];
  const packages = Object.entries(payments.packages).sort(([, a], [, b]) => a.credits - b.credits);
  const some = packages.length > 0;
  return [
    clause(
      some,
      `${packages.length} packages are for sale`,
      'at least one of payments.packages',
      String(packages.length),
    ),
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
  says: 'Where something is for sale, a larger package costs more, and no more for each credit.',
  clauses,
});
