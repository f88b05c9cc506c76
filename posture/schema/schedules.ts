/** What runs by the clock: one run a slot, whatever the number of workers. */
import { z } from 'zod';
import { slotsOfFeatures } from '../features/index.ts';
import { schedule } from './queue.ts';

export const schedules = z
  .strictObject({
    retention: schedule({ every: '1m', deadline: '45s' }, 'Deletes what is older than database.retention says.'),
    ...slotsOfFeatures,
    reserves: schedule(
      { every: '1m', deadline: '45s' },
      'Gives back reserved credits whose work was not settled in time.',
    ),
  })
  .prefault({});
