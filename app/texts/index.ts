/** What the bot says, in the language of who reads it. */
export { declareTexts, html, type Text } from './declare.ts';
export { FALLBACK, isLanguage, LANGUAGES, languageFor, languages, spokenTo, type Language } from './languages.ts';
export { onTextProblem } from './problems.ts';
