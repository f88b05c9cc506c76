import { declareTexts } from '../../texts/index.ts';

export const texts = declareTexts(import.meta.dirname, {
  does: {},
  usage: {},
  'noted-m': { count: 'number' },
  'noted-h': { count: 'number' },
  'noted-d': { count: 'number' },
  due: { text: 'text' },
});
