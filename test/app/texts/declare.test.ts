/** Texts in languages: what is declared is said, and what a language lacks is said in English. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { declareTexts, html, languageFor, onTextProblem } from '../../../app/texts/index.ts';

/** A folder with texts as a feature has one, and the problems that were told of it. */
function folder(t: TestContext, texts: Record<string, string>) {
  const path = mkdtempSync(join(tmpdir(), 'texts-'));
  t.after(() => rmSync(path, { recursive: true }));
  for (const [language, text] of Object.entries(texts)) writeFileSync(join(path, `${language}.ftl`), text);
  const problems: string[] = [];
  onTextProblem((problem) => {
    const [name, rest] = [basename(path), problem.slice(problem.indexOf('/') + 1)];
    if (problem.startsWith(`${name}/`)) problems.push(rest);
  });
  return { path, problems };
}

test('numbers, money and times are written as the language has them, and choose its plural', (t) => {
  const { path } = folder(t, {
    en: `
days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
has = { $credits ->
    [one] one credit
   *[other] { $credits } credits
}, { $by } since { $at }
`,
    de: `
days = { $count ->
    [one] { $count } Tag
   *[other] { $count } Tage
}
has = { $credits ->
    [one] ein Credit
   *[other] { $credits } Credits
}, { $by } seit { $at }
`,
  });
  const texts = declareTexts(path, {
    days: { count: 'number' },
    has: { credits: 'amount', by: 'change', at: 'moment' },
  });
  assert.equal(texts.days('en', { count: 1 }), '1 day');
  assert.equal(texts.days('en', { count: 1200 }), '1,200 days');
  assert.equal(texts.days('de', { count: 1 }), '1 Tag');
  assert.equal(texts.days('de', { count: 12345 }), '12.345 Tage');
  const at = new Date('2026-02-01T15:04:00Z');
  const large = 2n ** 62n + 1n;
  assert.equal(
    texts.has('en', { credits: large, by: 5n, at }),
    '4,611,686,018,427,387,905 credits, +5 since 1 Feb 2026, 15:04',
  );
  assert.equal(texts.has('de', { credits: 1n, by: -2000n, at }), 'ein Credit, -2.000 seit 01.02.2026, 15:04');
});

test('what people write is put in as it is; in HTML it cannot become markup', (t) => {
  const { path } = folder(t, { en: 'hello = Hello, { $name }!\nbold = <b>{ $name }</b> { $list }', de: '' });
  const texts = declareTexts(path, { hello: { name: 'text' }, bold: html({ name: 'text', list: 'html' }) });
  assert.equal(texts.hello('en', { name: '<b>&{ $x }' }), 'Hello, <b>&{ $x }!', 'and without isolation marks');
  assert.equal(texts.bold('en', { name: '<i>&"', list: '<i>ok</i>' }), '<b>&lt;i&gt;&amp;"</b> <i>ok</i>');
});

test('a text that a language lacks, or has with other variables, is said in English, and told once', (t) => {
  const { path, problems } = folder(t, {
    en: 'a = A\nb = B { $name }\nc = C',
    de: 'b = B { $nome }\nc = C { $name }\nd = D',
  });
  const texts = declareTexts(path, { a: {}, b: { name: 'text' }, c: {} });
  const told = [
    'de.ftl: "a" is missing, or cannot be read as Fluent',
    'de.ftl: "b" uses $nome and is declared with $name',
    'de.ftl: "c" uses $name and is declared with none',
    'de.ftl: "d" is not declared, so nothing says it',
  ];
  assert.deepEqual(problems, told);
  for (let time = 0; time < 2; time += 1) {
    assert.equal(texts.a('de'), 'A');
    assert.equal(texts.b('de', { name: 'x' }), 'B x');
    assert.equal(texts.c('de'), 'C');
  }
  assert.deepEqual(problems, told);
});

test('a language without a file speaks English, and says so', (t) => {
  const { path, problems } = folder(t, { en: 'a = A' });
  assert.equal(declareTexts(path, { a: {} }).a('de'), 'A');
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /^de\.ftl: .*ENOENT/);
});

test('what only shows when it is said falls back as well, and is told once', (t) => {
  const { path, problems } = folder(t, { en: 'a = A { $n }', de: 'a = Ä { NUMBER($n, minimumFractionDigits: 900) }' });
  const texts = declareTexts(path, { a: { n: 'number' } });
  for (let time = 0; time < 3; time += 1) assert.equal(texts.a('de', { n: 1 }), 'A 1');
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /^de\.ftl: "a": .*minimumFractionDigits/);
});

test('English must have every text as declared: one line for each that it has not', (t) => {
  const { path } = folder(t, { en: 'b = B { $name }\nc = { $name', de: '' });
  assert.throws(
    () => declareTexts(path, { a: {}, b: {}, c: {} }),
    (error: Error) =>
      /^[^\n]*en\.ftl: "a" is missing[^\n]*\n[^\n]*"b" uses \$name and is declared with none\n[^\n]*"c" is missing[^\n]*$/.test(
        error.message,
      ),
  );
});

test('a person is spoken to in the language of their app, or in English', () => {
  for (const tag of ['de', 'de-AT', 'DE_ch']) assert.equal(languageFor(tag), 'de');
  for (const tag of ['en', 'pt-br', '', '-', 'toString', undefined, null]) assert.equal(languageFor(tag), 'en');
});
