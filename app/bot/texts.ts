import { declareTexts } from '../texts/index.ts';

export const texts = declareTexts(import.meta.dirname, {
  'tap-used': {},
  'tap-old': {},
  'tap-foreign': {},
  'private-only': {},
});
