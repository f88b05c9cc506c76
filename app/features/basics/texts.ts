import { declareTexts, html } from '../../texts/index.ts';

export const texts = declareTexts(import.meta.dirname, {
  start: html({ name: 'text' }),
  'start-nameless': html({}),
  help: html({ commands: 'html' }),
  command: html({ name: 'text', does: 'text' }),
  'help-button': {},
  'help-does': {},
  'nothing-for-sale': {},
  'unknown-command': {},
  closed: {},
});
