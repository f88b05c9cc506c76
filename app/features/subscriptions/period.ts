/** The job of a period that was paid for, or whose payment went back: its row, its credits and what is said, in one commit. */
import type { Tx } from '../../database/tx.ts';
import { job } from '../../jobs/job.ts';
import { ReserveEnded } from '../../ledger/index.ts';
import { say } from '../../outbox/index.ts';
import { languageOf } from '../../people/index.ts';
import type { Language } from '../../texts/index.ts';
import type { JobNeeds } from '../feature.ts';
import { texts } from './texts.ts';
import { pay, periods, takeBackPeriod } from './verbs.ts';

/** Says something of an access, once for its cause. */
export async function tell(
  tx: Tx,
  { botId, userId }: { botId: number; userId: number },
  cause: string,
  words: (language: Language) => string,
  as: 'receipt' | 'notice' = 'notice',
): Promise<void> {
  const language = await languageOf(tx, botId, userId);
  await say(tx, {
    cause,
    class: as,
    chat: userId,
    method: 'sendMessage',
    payload: { text: words(language) },
  });
}

export const period = ({ botId }: JobNeeds) =>
  job(periods, async ({ input, transaction, done, log }) => {
    const { userId } = input;
    if ('back' in input) {
      const ended = await transaction(async (tx) => {
        const over = await takeBackPeriod(tx, botId, input);
        if (over) await tell(tx, over, `plan-back:${botId}:${input.back}`, (language) => texts['taken-back'](language));
        await done(tx);
        return over !== undefined;
      });
      return { back: input.back, ended };
    }
    try {
      return await transaction(async (tx) => {
        const did = await pay(tx, botId, input);
        if ('paid' in did) {
          const { plan, until, credits } = did.paid;
          await tell(
            tx,
            did.paid,
            `plan-paid:${botId}:${input.cause}`,
            (language) => texts[did.first ? 'paid' : 'prolonged'](language, { plan, credits, until }),
            'receipt',
          );
        }
        await done(tx);
        return { cause: input.cause, paid: 'paid' in did };
      });
    } catch (error) {
      if (!(error instanceof ReserveEnded)) throw error;
      // So late that its credits are back: they were not taken, and nothing is given for them.
      log.warn({ cause: input.cause }, 'a period was not begun in time: its credits are back');
      await transaction(async (tx) => {
        await tell(
          tx,
          { botId, userId },
          `plan-late:${botId}:${input.cause}`,
          (language) => texts.late(language),
          'receipt',
        );
        await done(tx);
      });
      return { cause: input.cause, paid: false };
    }
  });
