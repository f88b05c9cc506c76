/** The texts of one folder in one language, read from its `.ftl` file. */
import { FluentBundle, FluentResource, type Message } from '@fluent/bundle';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LANGUAGES, type Language } from './languages.ts';

type Pattern = NonNullable<Message['value']>;
type Element = Exclude<Pattern, string>[number];

export interface Texts {
  bundle: FluentBundle;
  /** Each with the names of the variables that it uses. */
  messages: ReadonlyMap<string, { pattern: Pattern; uses: ReadonlySet<string> }>;
}

/** @throws {Error} where there is no such file, or it says the same twice */
export function readTexts(folder: string, language: Language): Texts {
  const resource = new FluentResource(readFileSync(join(folder, `${language}.ftl`), 'utf8'));
  // Isolation marks would be characters of their own in a message, which some clients show, and which people copy.
  const bundle = new FluentBundle(LANGUAGES[language].locale, { useIsolating: false });
  const [twice] = bundle.addResource(resource);
  if (twice) throw twice;
  const entries = new Map(resource.body.map((entry) => [entry.id, entry.value]));
  const messages: [string, { pattern: Pattern; uses: Set<string> }][] = [];
  for (const [id, pattern] of entries)
    if (pattern !== null && !id.startsWith('-')) messages.push([id, { pattern, uses: variablesOf(pattern, entries) }]);
  return { bundle, messages: new Map(messages) };
}

/** Also of the messages that it refers to. A term has variables of its own. */
function variablesOf(pattern: Pattern, entries: ReadonlyMap<string, Pattern | null>): Set<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const inPattern = (of: Pattern): void => void (typeof of !== 'string' && of.forEach(inElement));
  function inElement(element: Element): void {
    if (typeof element === 'string') return;
    if (element.type === 'var') found.add(element.name);
    else if (element.type === 'select') {
      inElement(element.selector);
      for (const { value } of element.variants) inPattern(value);
    } else if (element.type === 'func') {
      for (const argument of element.args) if (argument.type !== 'narg') inElement(argument);
    } else if (element.type === 'mesg' && !seen.has(element.name)) {
      seen.add(element.name);
      inPattern(entries.get(element.name) ?? '');
    }
  }
  inPattern(pattern);
  return found;
}
