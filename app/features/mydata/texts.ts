import { declareTexts } from '../../texts/index.ts';

export const texts = declareTexts(import.meta.dirname, {
  does: {},
  person: { since: 'moment', app: 'text', chosen: 'text' },
  'person-unknown': {},
  'person-called': { name: 'text' },
  'person-seen': { day: 'day' },
  unsaid: {},
  words: { count: 'number' },
  'words-older': { count: 'number' },
  'said-user': { at: 'moment', text: 'text' },
  'said-assistant': { at: 'moment', text: 'text' },
  dialog: { what: 'text', state: 'text' },
  question: { what: 'text', input: 'text' },
  later: { what: 'text', at: 'moment', input: 'text' },
  unhandled: { at: 'moment', text: 'text' },
  untold: { at: 'moment', text: 'text' },
  money: {},
  orders: { count: 'number' },
  subscription: { plan: 'text', state: 'text', until: 'moment' },
  elsewhere: { updates: 'number', undelivered: 'number' },
  forget: {},
});
