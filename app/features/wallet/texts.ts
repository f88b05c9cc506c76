import { declareTexts } from '../../texts/index.ts';

export const texts = declareTexts(import.meta.dirname, {
  'does-topup': {},
  'does-balance': {},
  'does-history': {},
  'does-paysupport': {},
  'does-terms': {},
  'topup-button': {},
  topup: {},
  closed: {},
  package: { credits: 'amount', price: 'amount' },
  gone: {},
  title: { credits: 'amount' },
  description: { credits: 'amount' },
  'refused-unknown': {},
  'refused-foreign': {},
  'refused-paid': {},
  'refused-running': {},
  'refused-expired': {},
  'refused-changed': {},
  'refused-amount': {},
});
