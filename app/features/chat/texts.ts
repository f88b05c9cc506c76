import { declareTexts } from '../../texts/index.ts';

/** For the model, which answers in whatever language it is written to. */
export const SYSTEM =
  'You are a helpful assistant in a Telegram chat. Answer briefly, in plain text, in the language of the user.';

export const texts = declareTexts(import.meta.dirname, {
  away: {},
  refused: {},
  'broke-off': {},
  'too-long': { limit: 'number' },
  'forget-does': {},
  'forget-button': {},
  'forget-done': { later: 'number' },
});
