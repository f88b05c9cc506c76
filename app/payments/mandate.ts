/** What Telegram has to be told of a subscription: that it takes no more of it, or that its user may have it again. */
import { z } from 'zod';
import { jobQueue } from '../jobs/queue.ts';

/** What is wished is read when the job runs: of two that cross each other, the last wish counts. */
export const mandates = jobQueue(
  'mandate',
  z.strictObject({ botId: z.int(), userId: z.int(), purchase: z.string().min(1), charge: z.string().min(1) }),
);
