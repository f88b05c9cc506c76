/** Who writes to the bot, and in which language they are spoken to. */
export { PEOPLE_CHANNEL, startPeople, type People } from './people.ts';
export { chooseLanguage, languageOf } from './store.ts';
