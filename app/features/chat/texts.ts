import { declareTexts } from '../../texts/index.ts';

/** For the model, which answers in whatever language it is written to. */
export const SYSTEM =
  'You are a helpful assistant in a Telegram chat. Answer briefly, in plain text, in the language of the user.';

export const texts = declareTexts(import.meta.dirname, {
  away: {},
  refused: {},
  'broke-off': {},
  'too-long': { limit: 'number' },
  broke: { most: 'amount', available: 'amount', hours: 'number' },
  'broke-always': { most: 'amount', available: 'amount' },
  'not-charged': {},
  'last-free': {},
  paid: { price: 'amount' },
  'paid-estimated': { price: 'amount' },
  'forget-does': {},
  'forget-button': {},
  'forget-done': { later: 'number' },
});
