/**
 * Texts of a feature: declared with the kinds of their variables, written in `en.ftl` and `de.ftl` beside the declaration
 * (https://projectfluent.org/fluent/guide/), and typed: what is not declared does not compile, what is declared and not
 * written in English ends the process at its start. Of another language, what is missing or has other variables than
 * declared is said in English, and listed (`onTextProblem`); a test refuses it.
 *
 * ```ts
 * export const texts = declareTexts(import.meta.dirname, { done: {}, noted: { count: 'number' } });
 * await ctx.reply(texts.noted(ctx.language, { count: 3 }));
 * ```
 */
import { basename } from 'node:path';
import { describeError } from '../log.ts';
import { FALLBACK, languages, type Language } from './languages.ts';
import { readTexts, type Texts } from './patterns.ts';
import { noteProblem } from './problems.ts';
import { asFluent, type Kind, type Kinds } from './variables.ts';

const HTML = Symbol('html');

/** The variables of a text and their kinds. */
type Declared = Readonly<Record<string, Kind>> & { readonly [HTML]?: true };

type Variables<D> = [keyof D & string] extends [never]
  ? []
  : [variables: { [Name in keyof D & string]: Kinds[D[Name] & Kind] }];

/** One text, said in a language. */
export type Text<D = object> = (language: Language, ...variables: Variables<D>) => string;

/** Of a text for `parse_mode: 'HTML'`: what is given as text is escaped. */
export const html = <const D extends Readonly<Record<string, Kind>>>(declared: D): D => ({ ...declared, [HTML]: true });

/**
 * @param folder where the `.ftl` files are
 * @throws {Error} where an English text is missing, or says something else than declared
 */
export function declareTexts<const D extends Readonly<Record<string, Declared>>>(
  folder: string,
  declared: D,
): { readonly [Key in keyof D]: Text<D[Key]> } {
  const name = basename(folder);
  const english = readTexts(folder, FALLBACK);
  const wrong = differences(english, declared);
  if (wrong.length > 0) throw new Error(wrong.map((what) => `${name}/${FALLBACK}.ftl: ${what}`).join('\n'));
  const spoken = Object.fromEntries(
    languages.map((language) => [language, language === FALLBACK ? english : readOther(language)]),
  ) as Record<Language, Texts>;

  /** Without the texts that differ from what is declared. */
  function readOther(language: Language): Texts {
    try {
      const texts = readTexts(folder, language);
      for (const what of differences(texts, declared)) noteProblem(`${name}/${language}.ftl: ${what}`);
      const sound = [...texts.messages].filter(([key, { uses }]) => same(uses, declared[key]));
      return { ...texts, messages: new Map(sound) };
    } catch (error) {
      noteProblem(`${name}/${language}.ftl: ${describeError(error)}`);
      return english;
    }
  }

  function say(key: string, language: Language, given: Readonly<Record<string, Kinds[Kind]>> = {}): string {
    const texts = spoken[language].messages.has(key) ? spoken[language] : english;
    const kinds = declared[key]!;
    const variables = Object.entries(kinds).map(
      ([variable, kind]) => [variable, asFluent(kind, given[variable]!, kinds[HTML] === true)] as const,
    );
    const errors: Error[] = [];
    const said = texts.bundle.formatPattern(texts.messages.get(key)!.pattern, Object.fromEntries(variables), errors);
    const [error] = errors;
    if (error === undefined) return said;
    noteProblem(`${name}/${texts === english ? FALLBACK : language}.ftl: "${key}": ${describeError(error)}`);
    return texts === english ? said : say(key, FALLBACK, given);
  }

  return Object.fromEntries(
    Object.keys(declared).map((key) => [
      key,
      (language: Language, given?: Record<string, Kinds[Kind]>) => say(key, language, given),
    ]),
  ) as unknown as { [Key in keyof D]: Text<D[Key]> };
}

const same = (uses: ReadonlySet<string>, declared: Declared | undefined): boolean =>
  declared !== undefined && uses.symmetricDifference(new Set(Object.keys(declared))).size === 0;

const list = (names: Iterable<string>): string => [...names].map((name) => `$${name}`).join(', ') || 'none';

/** What a file says otherwise than it is declared, one line each. A text that cannot be read counts as missing. */
function differences({ messages }: Texts, declared: Readonly<Record<string, Declared>>): string[] {
  const lines: string[] = [];
  for (const [key, variables] of Object.entries(declared)) {
    const message = messages.get(key);
    if (!message) lines.push(`"${key}" is missing, or cannot be read as Fluent`);
    else if (!same(message.uses, variables))
      lines.push(`"${key}" uses ${list(message.uses)} and is declared with ${list(Object.keys(variables))}`);
  }
  for (const key of messages.keys())
    if (!Object.hasOwn(declared, key)) lines.push(`"${key}" is not declared, so nothing says it`);
  return lines;
}
