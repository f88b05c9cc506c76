/** Topping up by NOWPayments: an address, and a sum in one coin. Off as shipped, by Telegram's terms (6.2). */
import type { Feature } from '../feature.ts';
import { elsewhere, way } from '../money/elsewhere.ts';
import { texts } from '../money/texts.ts';

const own = way('nowPayments', texts['by-nowpayments']);

export const nowPayments: Feature<'nowPayments'> = {
  way: own,
  entrances: elsewhere('nowPayments', own),
  closed: { text: texts['sale-closed'], taps: [own.tap] },
};
