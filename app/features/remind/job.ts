/** The job of a reminder: said once, when it is due. */
import { z } from 'zod';
import { job } from '../../jobs/job.ts';
import { jobQueue } from '../../jobs/queue.ts';
import { say } from '../../outbox/index.ts';
import { languageOf } from '../../people/index.ts';
import { FALLBACK, languages } from '../../texts/index.ts';
import type { JobNeeds } from '../feature.ts';
import { texts } from './texts.ts';

export const reminders = jobQueue(
  'remind',
  // The release before did not say in which language.
  z.strictObject({ chat: z.int(), text: z.string(), language: z.enum(languages).default(FALLBACK) }),
);

/** One commit: the reminder is in the outbox and the job is done, or neither. */
export const remind = ({ botId }: Pick<JobNeeds, 'botId'>) =>
  job(reminders, async ({ job: { id }, input, transaction, done }) => {
    await transaction(async (tx) => {
      // What they speak by now; in a group, where nobody's language is everybody's, what was spoken when it was asked for.
      const language = await languageOf(tx, botId, input.chat, input.language);
      await say(tx, {
        cause: `remind:${id}`,
        class: 'notice',
        chat: input.chat,
        method: 'sendMessage',
        payload: { text: texts.due(language, input) },
      });
      await done(tx);
    });
  });
