/** Who writes to the bot, which language they are spoken to in, and what they were asked. */
export { PEOPLE_CHANNEL, startPeople, type People } from './people.ts';
export { inAudit, mayAs, roleOf, type Role } from './roles.ts';
export { chooseLanguage, languageOf } from './store.ts';
export {
  dialogAt,
  dialogKind,
  ENDED,
  forgetAsked,
  openDialog,
  stepDialog,
  type DialogKind,
  type Step,
} from './dialog.ts';
export { ask, dataOf, tapAction, useTap, type Refusal, type TapAction } from './taps.ts';
