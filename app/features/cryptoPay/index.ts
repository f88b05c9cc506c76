/** Topping up by Crypto Pay: a page of theirs, a price in US dollars. Off as shipped, by Telegram's terms (6.2). */
import type { Feature } from '../feature.ts';
import { elsewhere, way } from '../money/elsewhere.ts';
import { texts } from '../money/texts.ts';

const own = way('cryptoPay', texts['by-cryptopay']);

export const cryptoPay: Feature<'cryptoPay'> = {
  way: own,
  entrances: elsewhere('cryptoPay', own),
  closed: { text: texts['sale-closed'], taps: [own.tap] },
};
