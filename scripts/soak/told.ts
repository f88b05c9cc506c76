/** Whether people were told what became of their money, and of what they asked for, when all is quiet. */
import type { SimulatedTelegram } from '../../local/contract/index.ts';
import type { Deeds } from './person.ts';
import { excusing } from './unsure.ts';

export interface PaymentRow {
  number: number;
  provider: string;
  charge: string;
  user: number;
  amount: number;
  credits: number;
  state: string;
}

/** A message whose outcome is not known leaves once more, and no more often. */
const COPIES = 2;

/** Numbers without the commas that English groups them by. */
const ungrouped = (text: string): string => text.replaceAll(/(?<=\d),(?=\d{3})/g, '');

/**
 * Every payment has its receipt, every refund and reminder its message, but for what is left to a person; none is there more
 * often than it may have left, and none is about something that is not there.
 */
export function told(
  { telegram }: { telegram: Pick<SimulatedTelegram, 'messages' | 'chats'> },
  payments: readonly PaymentRow[],
  { reminders }: Pick<Deeds, 'reminders'>,
  isLeft: ReturnType<typeof excusing>,
): { problems: string[]; repeats: number } {
  const problems: string[] = [];
  let repeats = 0;
  const texts = new Map<number, string[]>();
  const of = (user: number): string[] => {
    const known =
      texts.get(user) ?? telegram.messages(user).flatMap(({ from, text }) => (from === 'bot' ? [ungrouped(text)] : []));
    texts.set(user, known);
    return known;
  };
  const once = (user: number, what: string, matching: (text: string) => boolean, most = COPIES) => {
    const count = of(user).filter(matching).length;
    if (count > most) problems.push(`${user} was told of ${what} ${count} times`);
    else if (count > 0) repeats += count - 1;
    else if (!isLeft(user, (text) => matching(ungrouped(text)))) problems.push(`${user} was never told of ${what}`);
  };
  const numbers = new Map(payments.map((payment) => [payment.number, payment]));
  for (const { number, user, credits, state } of payments) {
    // What is taken back before its payment is seen is told as that alone.
    if (credits > 0)
      once(user, `receipt R-${number}`, (text) => text.startsWith(`Receipt R-${number}: ${credits} credits`));
    // That it is parked, and that it went back.
    else once(user, `R-${number}, which is parked`, (text) => text.startsWith(`Receipt R-${number}: `), 2 * COPIES);
    if (state === 'refunded' || state === 'taken-back')
      once(
        user,
        `the way back of R-${number}`,
        (text) => text.startsWith(`Receipt R-${number}: `) && text.includes('went back'),
      );
  }
  for (const user of telegram.chats())
    for (const text of of(user)) {
      const [, number, credits] = /^Receipt R-(\d+): (\d+) credits/.exec(text) ?? [];
      if (number === undefined) continue;
      const payment = numbers.get(Number(number));
      // What comes in parts is told part by part.
      const isPart = payment?.provider === 'nowPayments' && Number(credits) < payment.credits;
      if (payment?.user !== user || (payment.credits !== Number(credits) && !isPart))
        problems.push(`${user} was told: ${text}`);
    }
  for (const { user, text } of reminders)
    once(user, `"${text}"`, (said) => said.startsWith('You asked me to remind you') && said.includes(text));
  return { problems, repeats };
}
