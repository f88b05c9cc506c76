import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { split } from '../../../app/text.ts';

/** Letters of one and two UTF-16 units, spaces and line ends. */
const texts = fc.string({ unit: fc.constantFrom('a', 'é', '😀', '漢', ' ', '\n'), maxLength: 300 });

test('for any text: parts fit, none is blank, no character is torn, nothing but blanks between parts is lost', () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 2, max: 40 }), (text, limit) => {
      const parts = split(text, limit);
      for (const part of parts) {
        assert.ok(part.length <= limit);
        assert.ok(part.trim() !== '', 'Telegram refuses a blank message');
        assert.ok(part.isWellFormed());
      }
      assert.equal(parts.join('').replace(/\s/g, ''), text.replace(/\s/g, ''));
    }),
    { numRuns: 1000 },
  );
});

test('a text that fits is one part as it is', () => {
  assert.deepEqual(split('one\ntwo'), ['one\ntwo']);
  assert.deepEqual(split('x'.repeat(4096)), ['x'.repeat(4096)]);
});

test('a long text is cut at line or word ends', () => {
  const words = Array.from({ length: 2000 }, (_, index) => `word${index}`);
  const parts = split(words.join(' '));
  assert.equal(parts.length, 5);
  assert.deepEqual(
    parts.flatMap((part) => part.trim().split(' ')),
    words,
  );
});

test('a text without a blank is cut where it must be', () => {
  assert.deepEqual(
    split('x'.repeat(9000)).map(({ length }) => length),
    [4096, 4096, 808],
  );
});
