import { sellsSomething } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
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
  says: 'Where something is for sale, a larger package costs more, and no more for each credit.',
  clauses,
});
