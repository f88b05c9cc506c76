import { declareTexts } from '../../texts/index.ts';

export const texts = declareTexts(import.meta.dirname, {
  does: {},
  usage: {},
  what: {},
  when: { text: 'text' },
  'after-10m': {},
  'after-1h': {},
  'after-1d': {},
  'noted-m': { count: 'number' },
  'noted-h': { count: 'number' },
  'noted-d': { count: 'number' },
  due: { text: 'text' },
});
