/** What broadcasts declare. Their pace is part of Telegram's: `providers.telegram.rate.broadcast`. */
import { z } from 'zod';
import { jobQueue } from '../schema/queue.ts';
import { switched } from './feature.ts';

export const broadcast = switched({
  flag: z
    .boolean()
    .prefault(true)
    .describe(
      '/broadcast: owners write to all people, or some of them. Off: none is begun; one that is under way goes on.',
    ),
  work: {
    broadcast: {
      queue: jobQueue(
        { concurrency: 1, deadline: '1m', patience: '24h', attempts: 8, first: '1s', max: '1m' },
        'Turns of broadcasts: each goes on where the one before has ended, and one broadcast is under way at a time.',
      ),
      what: 'turns of broadcasts',
      dead: 'ticket',
    },
  },
});
