/** What models write, as Telegram shows it: only its own tags, whatever comes, in parts that it takes. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  asTelegram,
  beginningOf,
  closed,
  fromMarkdown,
  join,
  plain,
  splitFormatted,
} from '../../../app/markdown/index.ts';
import { parseHtml } from '../../../local/world/telegram/text/html.ts';
import { TELEGRAM } from '../../../posture/outside.ts';

const html = (source: string): string => asTelegram(fromMarkdown(source)).text;

/** Every part as Telegram would read it; throws where it would refuse one. */
function partsOf(source: string) {
  return splitFormatted(fromMarkdown(source), TELEGRAM.longestText).map((part) => {
    const { text, parse_mode: mode } = asTelegram(part);
    const read = mode ? parseHtml(text) : { text, entities: [] };
    assert.ok(read.text === part.text, 'what is counted is what is shown');
    assert.ok(read.text.length <= TELEGRAM.longestText);
    assert.ok(read.text === read.text.trim(), 'no part is shorter than it is counted');
    assert.ok(Buffer.byteLength(text) <= 32_768, 'longer ones are not read at all');
    return read;
  });
}

suite('Markdown becomes what Telegram has', () => {
  for (const [source, wanted] of [
    ['a **bold *both* x** b', 'a <b>bold <i>both</i> x</b> b'],
    ['~~gone~~ `a < b`', '<s>gone</s> <code>a &lt; b</code>'],
    ['# Keels\ntext', '<b>Keels</b>\ntext'],
    ['[docs](https://a.b/?x=1&y="2")', '<a href="https://a.b/?x=1&amp;y=%222%22">docs</a>'],
    ['```sql\nSELECT 1 & 2;\n```', '<pre><code class="language-sql">SELECT 1 &amp; 2;</code></pre>'],
    ['> one\n> two\n\nthree', '<blockquote>one\ntwo</blockquote>\n\nthree'],
    ['> a\n> > b', '<blockquote>a\nb</blockquote>'],
    ['1. a\n2) b\n- c\n  - d', '1. a\n2) b\n• c\n  • d'],
    ['| a | b |\n|---|---|\n| 1 | **x** |', '<pre>a | b\n--|--\n1 | x</pre>'],
    ['**a `c` b**', '<b>a </b><code>c</code><b> b</b>'],
    ['[`c`](https://a.b)', '<a href="https://a.b">c</a>'],
    ['![a ship](https://a.b/c.png)', '<a href="https://a.b/c.png">a ship</a>'],
    ['one\n---\ntwo', 'one\n———\ntwo'],
  ] as const)
    test(JSON.stringify(source), () => assert.equal(html(source), wanted));

  test('a text without markup is sent as it is, unescaped', () => {
    assert.deepEqual(asTelegram(fromMarkdown('a < b & c\nd')), { text: 'a < b & c\nd' });
  });

  test('what has nothing to show is the text that it is', () => {
    assert.equal(fromMarkdown('> '.repeat(300)).text, '> '.repeat(300).trim());
    assert.equal(fromMarkdown('[a]: b').text, '[a]: b');
  });
});

suite('hostile Markdown', () => {
  test('HTML is text, and only what leads somewhere is a link', () => {
    assert.equal(html('**x** <script>alert(1)</script>'), '<b>x</b> &lt;script&gt;alert(1)&lt;/script&gt;');
    assert.equal(html('**x** <b onclick="a">'), '<b>x</b> &lt;b onclick="a"&gt;');
    for (const url of [
      'javascript:alert(1)',
      'JaVaScript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      './a',
      '&#106;avascript:x',
    ])
      assert.doesNotMatch(html(`**x** [a](${url}) ![b](${url})`), /<a /, url);
    assert.doesNotMatch(html('[a](https://a.b "onmouseover=\'x\'")'), /onmouseover/);
    assert.match(html('[a](https://a.b/%22%3E%3Cscript%3E)'), /^<a href="https:\/\/a\.b\/[^"<>]*">a<\/a>$/);
    assert.equal(html('```"><script>\nx\n```'), '<pre>x</pre>');
  });

  test('a fence that is not closed is code to its end, and what is said behind it is not', () => {
    assert.equal(html('a\n```js\nlet b'), 'a\n<pre><code class="language-js">let b</code></pre>');
    const note = join(fromMarkdown(closed('a\n```js\nlet b')), plain('It broke off.'));
    assert.equal(asTelegram(note).text, 'a\n<pre><code class="language-js">let b</code></pre>\n\nIt broke off.');
    assert.equal(fromMarkdown(`${closed('a\n~~~~\n```\nb')}\n\n*c*`).marks.at(-1)?.type, 'italic');
  });

  test('100 kB of anything is cut into parts that Telegram takes, in time', () => {
    const of = (unit: string) => unit.repeat(Math.ceil(100_000 / unit.length)).slice(0, 100_000);
    const units = [
      '[',
      '![',
      '> ',
      '*a **a ',
      '`a ``a ',
      '- a\n',
      '[a](',
      'a**b',
      '**_~~`[x](y',
      '# a\n',
      '***a***',
      '```\n',
      'word *x* ',
      '<b>&',
    ];
    for (const source of [
      ...units.map(of),
      `${'*'.repeat(50_000)}a${'*'.repeat(50_000)}`,
      `\`\`\`js\n${of('let a = 1;\n')}`,
      `| a | b |\n|-|-|\n${of('| x | y |\n')}`,
      of(`[a](https://a.b/${'x'.repeat(500)}) `),
      of('👩‍👩‍👧‍👦 **x** '),
    ]) {
      const began = performance.now();
      partsOf(source);
      // Where it grew with the square it would be minutes.
      assert.ok(performance.now() - began < 30_000, source.slice(0, 20));
    }
  });

  test('a long text without markup is itself, wherever it is read in pieces', () => {
    const words = Array.from({ length: 5_000 }, (_, index) => `word${index}`);
    const lines = words
      .map((word, index) => word + (index % 9 === 0 ? '\n\n' : index % 4 === 0 ? '\n' : ' '))
      .join('')
      .trim();
    for (const source of [words.join(' '), lines, 'x'.repeat(30_000)]) assert.ok(fromMarkdown(source).text === source);
  });

  test('of a long listing each part is code, in its language', () => {
    const parts = partsOf(`\`\`\`js\n${'let a = 1;\n'.repeat(2_000)}\`\`\`\n\nthe end`);
    assert.ok(parts.length > 4);
    for (const { entities } of parts) assert.deepEqual([entities[0]?.type, entities[0]?.language], ['pre', 'js']);
    assert.ok(parts.at(-1)!.text.endsWith('\n\nthe end'));
  });

  test('whatever is written, whole or half, is read by Telegram as what was counted', () => {
    const piece = fc.constantFrom(
      ...[
        '**',
        '*',
        '_',
        '~~',
        '`',
        '```',
        '```js\n',
        '\n',
        '\n\n',
        '> ',
        '- ',
        '1. ',
        '# ',
        '[a](https://a.b)',
        '[',
        '](',
        ')',
      ],
      ...[
        '|',
        '|-|-|\n',
        '---\n',
        '<b>',
        '</b>',
        '&lt;',
        '&',
        '"',
        '\\',
        '    ',
        '\t',
        'word',
        '😀',
        '\u0000',
        '\ud800',
        '![',
        '~~~',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.nat(4_000), (pieces, limit) => {
        const source = pieces.join('');
        partsOf(source);
        const { text, parse_mode: mode } = asTelegram(beginningOf(fromMarkdown(source), limit));
        if (mode) parseHtml(text);
      }),
      { numRuns: 500 },
    );
  });
});
