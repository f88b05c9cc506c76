/** What /remind declares. */
import { z } from 'zod';
import { jobQueue } from '../schema/queue.ts';
import { switched } from './feature.ts';

export const remind = switched({
  flag: z.boolean().prefault(true).describe('/remind: say something again when it is time.'),
  work: {
    remind: {
      queue: jobQueue(
        { concurrency: 4, deadline: '10s', patience: '24h', attempts: 5, first: '1s', max: '1m' },
        'Reminders that are due: each is said once.',
      ),
      what: 'reminders',
      dead: 'ticket',
    },
  },
});
