import type { Balance } from '../../ledger/index.ts';
import type { Payment } from '../../payments/book.ts';
import type { RefundAnswer } from '../../payments/refund.ts';
import { receiptOf } from './texts.ts';

type Refused = Extract<RefundAnswer, { asked: false }>;

export const deskTexts = {
  refundUsage:
    'Write: /refund R-17 why. Where the credits were spent: /refund R-17 force why – what is missing becomes a debt.',
  adjustUsage: 'Write: /adjust USER-ID +100 why, or /adjust USER-ID -100 why. Whole credits.',
  noReceipt: (number: string) =>
    `There is no receipt R-${number}. Its number stands on the receipt and in /history of who paid.`,
  asked: ({ number, amount, userId }: Payment) =>
    `${receiptOf(number)}: ${amount} Stars go back to ${userId}. They are told when it is done, and their /history says it.`,
  notRefunded: ({ why, payment, missing }: Refused) =>
    ({
      unknown: 'There is no such payment.',
      over: `${payment ? receiptOf(payment.number) : 'It'} has gone back already.`,
      'under-way': `${payment ? receiptOf(payment.number) : 'It'} is on its way back already.`,
      'too-much': 'That is more than support may move. Ask an owner.',
      spent: `${missing ?? 0n} of its credits are not there any more. With "force" before the reason they become a debt.`,
    })[why],
  tooMuch: (most: bigint) => `Support may move ${most} credits at once. Ask an owner.`,
  adjusted: (user: number, { available, held, debt }: Balance) =>
    `${user} has ${available} credits now, ${held} reserved, ${-debt} owed.`,
  notThere: (available: bigint) => `Only ${available} are there to take. Nothing was changed.`,
};
