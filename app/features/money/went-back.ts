/** What is said when Stars went back to who paid them, whoever finds it first: the update, the refund's job, Telegram's list. */
import type { Tx } from '../../database/tx.ts';
import { balanceOf } from '../../ledger/index.ts';
import { say } from '../../outbox/index.ts';
import type { Booked } from '../../payments/book.ts';
import { languageOf } from '../../people/index.ts';
import { noteOfReturn } from './subscription/index.ts';
import { sayWentBack } from './words.ts';

/**
 * Told in the transaction that books it, and once for a charge: whatever is killed, and whatever update is lost, nobody's
 * money comes back, or is taken back, without a word.
 */
export async function tellWentBack(tx: Tx, botId: number, booked: Booked): Promise<void> {
  const { provider, charge, userId, state } = booked.payment;
  if (state !== 'refunded' && state !== 'taken-back') return;
  const language = await languageOf(tx, botId, userId);
  const now = await balanceOf(tx, { botId, userId });
  const note = await noteOfReturn(tx, language, botId, booked);
  await say(tx, {
    cause: `went-back:${provider}:${charge}`,
    class: 'receipt',
    chat: userId,
    method: 'sendMessage',
    payload: { text: [sayWentBack(language, booked.payment, now), ...note].join('\n') },
  });
}
