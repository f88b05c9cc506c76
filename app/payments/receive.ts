/** A payment that came: booked, and given back where it was made for what its payer has already. */
import type { Tx } from '../database/tx.ts';
import { book, type Booked, type Paid } from './book.ts';
import { askRefund } from './refund.ts';

/** In one commit: nothing is booked that should go back and does not. */
export async function receive(tx: Tx, paid: Paid): Promise<Booked> {
  const booked = await book(tx, paid);
  if (booked.installment !== 'second') return booked;
  const { botId, charge } = paid;
  const reason = 'another subscription runs already';
  const answer = await askRefund(tx, { botId, charge, by: 'bot', reason, atMost: undefined, force: true });
  return answer.asked ? { ...booked, payment: answer.payment } : booked;
}
