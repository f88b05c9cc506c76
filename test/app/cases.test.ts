/** The nastiest cases of money, by their numbers: each has tests whose names begin with it, here or under a feature's. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

const CASES: Readonly<Record<number, string>> = {
  1: 'a payment that is delivered again, shuffled',
  2: 'a payer who has blocked the bot',
  3: 'a payment of which no update tells',
  4: 'one invoice, paid twice',
  5: 'an invoice that was passed on',
  6: 'a question before a payment that comes late, and a database that is away',
  7: 'a question about the offer of yesterday',
  8: 'a refund that is asked for twice',
  9: 'a refund of credits that are spent',
  10: 'a refund while work is under way',
  11: 'a chargeback',
  12: 'a race for the last credits',
  13: 'a storm of callbacks, and silence',
  14: 'callbacks that are forged',
  15: 'the forms in which callbacks are signed',
  16: 'what a provider says out of order',
  17: 'too little, and too much',
  18: 'a second payment, and the wrong coin',
  19: 'bills that nobody knows of any more',
  20: 'a payment of an order that there is not',
  21: 'work that is charged once, and begun once, wherever it is killed',
  22: 'a subscription by Stars, through all that may happen to it',
  23: 'a person who is gone, or wants to be forgotten',
  24: 'numbers and how they are rounded',
  25: 'a cart that waits for a top-up',
  26: 'a switch that is turned while payments and work are under way',
  27: 'a provider that says that it does not know',
  28: 'a clock that is wrong, and a deploy in the middle',
};

/** `test('3, 22. renewals …` */
const NAMED = /\btest\(\s*['`](\d{1,2}(?:, \d{1,2})*)\. ([^'`]+)/g;

test('each case of money has tests that are named by its number, and no number is of no case', () => {
  const named = new Map<number, string[]>();
  for (const file of globSync('test/**/*.test.ts', { cwd: ROOT }))
    for (const [, numbers, title] of readFileSync(join(ROOT, file), 'utf8').matchAll(NAMED))
      for (const number of numbers!.split(', ').map(Number))
        named.set(number, [...(named.get(number) ?? []), `${file}: ${title}`]);
  const missing = Object.entries(CASES).filter(([number]) => !named.has(Number(number)));
  assert.deepEqual(missing, [], 'cases without a test');
  const strange = [...named].filter(([number]) => !(number in CASES));
  assert.deepEqual(strange, [], 'tests with a number of no case');
});
