import { declareTexts } from '../../texts/index.ts';

export const texts = declareTexts(import.meta.dirname, {
  does: {},
  which: {},
  'as-app': {},
  chosen: {},
  'chosen-app': {},
});
