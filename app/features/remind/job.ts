/** The job of a reminder: said once, when it is due. */
import { z } from 'zod';
import { job } from '../../jobs/job.ts';
import { jobQueue } from '../../jobs/queue.ts';
import type { JobNeeds } from '../jobs.ts';
import { texts } from './texts.ts';

export const reminders = jobQueue('remind', z.strictObject({ chat: z.int(), text: z.string() }));

export const remind = ({ api }: JobNeeds) =>
  job(reminders, async ({ input, signal, hold }) => {
    hold();
    await api.sendMessage(input.chat, texts.due(input.text), {}, signal as unknown as Parameters<typeof api.getMe>[0]);
  });
