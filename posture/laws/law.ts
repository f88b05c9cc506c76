/** What a law is, and the few words in which its clauses are written. */
import type { Posture } from '../schema/index.ts';
import { ms } from '../readable.ts';

/** One comparison that a law makes, with its sum written out so that a person can check it. */
export interface Clause {
  holds: boolean;
  /** The sum with its comparison: `gather 2ms + acquire 1s + query 3500ms = 4502ms ≤ 5s ackDeadline`. */
  sum: string;
  /** What the law wants, in words. */
  wanted: string;
  /** The value found. */
  found: string;
}

/** A clause that does not hold. */
export interface Violation extends Omit<Clause, 'holds'> {
  law: string;
  /** Position of the clause in its law. */
  clause: number;
  /** Faults of the catalogue that the law prevents. */
  prevents: readonly string[];
}

export interface Verdict {
  holds: boolean;
  clauses: Clause[];
  /** Each clause of the law with its sum. */
  arithmetic: string[];
  violations: Violation[];
}

export interface Law {
  name: string;
  /** Faults of the catalogue that the law prevents. */
  prevents: readonly string[];
  /** The law in one sentence. */
  says: string;
  check(posture: Posture): Verdict;
}

/** Makes a law out of its clauses. */
export function law(definition: Omit<Law, 'check'> & { clauses: (posture: Posture) => Clause[] }): Law {
  const { clauses, ...rest } = definition;
  return {
    ...rest,
    check(posture) {
      const checked = clauses(posture);
      const violations = checked.flatMap(({ holds, ...rest }, clause) =>
        holds ? [] : [{ law: definition.name, clause, prevents: definition.prevents, ...rest }],
      );
      return {
        holds: violations.length === 0,
        clauses: checked,
        arithmetic: checked.map(({ sum }) => sum),
        violations,
      };
    },
  };
}

/** Terms of a sum by name: `acquire 1s + query 4s = 5s`. */
export type Terms = Readonly<Record<string, number>>;

const total = (terms: Terms): number => Object.values(terms).reduce((sum, term) => sum + term, 0);

function written(terms: Terms, unit: (value: number) => string): string {
  const parts = Object.entries(terms).map(([name, value]) => `${name} ${unit(value)}`);
  return parts.length > 1 ? `${parts.join(' + ')} = ${unit(total(terms))}` : parts.join();
}

type Comparison = readonly [holds: boolean, sign: string];

function compare(terms: Terms, bound: Terms, [holds, sign]: Comparison, unit: (value: number) => string): Clause {
  const verb = { '≤': 'at most', '<': 'less than', '>': 'at most', '≥': 'less than' }[sign];
  const limit = written(bound, unit);
  return {
    holds,
    sum: `${written(terms, unit)} ${sign} ${limit}`,
    wanted: `${Object.keys(terms).join(' + ')} ${verb} ${limit}`,
    found: unit(total(terms)),
  };
}

/** The terms together are at most the bound. */
export function atMost(terms: Terms, bound: Terms, unit: (value: number) => string = ms): Clause {
  const holds = total(terms) <= total(bound) + 1e-6;
  return compare(terms, bound, [holds, holds ? '≤' : '>'], unit);
}

/** The terms together are less than the bound. */
export function lessThan(terms: Terms, bound: Terms, unit: (value: number) => string = ms): Clause {
  const holds = total(terms) < total(bound);
  return compare(terms, bound, [holds, holds ? '<' : '≥'], unit);
}

/** Each is less than the next: one clause for each neighbouring pair. */
export function ascending(terms: Terms, unit: (value: number) => string = ms): Clause[] {
  const steps = Object.entries(terms);
  return steps.slice(1).map(([name, value], index) => {
    const [before, smaller] = steps[index]!;
    return lessThan({ [before]: smaller }, { [name]: value }, unit);
  });
}

/** A sum that does not fit the simple form: the text is given. */
export const clause = (holds: boolean, sum: string, wanted: string, found: string): Clause => ({
  holds,
  sum,
  wanted,
  found,
});

export { ms, plain, size } from '../readable.ts';
