/** The languages that the bot speaks, and which of them somebody is spoken to in. */

interface LanguageFacts {
  /** What its speakers call it. */
  name: string;
  /** How numbers, times and plurals are written: of English the one with the day before the month, and 24 hours. */
  locale: string;
}

/** A language is a line here, and a file of its name beside each `en.ftl`. */
export const LANGUAGES = {
  en: { name: 'English', locale: 'en-GB' },
  de: { name: 'Deutsch', locale: 'de' },
} as const satisfies Record<string, LanguageFacts>;

export type Language = keyof typeof LANGUAGES;

export const languages = Object.keys(LANGUAGES) as readonly Language[];

/** What is spoken where nothing is known, and what stands in for a text that another language lacks. */
export const FALLBACK: Language = 'en';

export const isLanguage = (code: unknown): code is Language =>
  typeof code === 'string' && Object.hasOwn(LANGUAGES, code);

/** The language for an IETF tag as Telegram's clients send it, such as `de` or `pt-br`. */
export function languageFor(tag: string | null | undefined): Language {
  const code = tag?.split(/[-_]/, 1)[0]!.toLowerCase();
  return isLanguage(code) ? code : FALLBACK;
}

/** What somebody is spoken to in, by what they have chosen, or else by what their app speaks. */
export const spokenTo = (chosen: string | null, app: string | null): Language =>
  isLanguage(chosen) ? chosen : languageFor(app);
