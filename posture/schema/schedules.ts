/** What runs by the clock: one run a slot, whatever the number of workers. */
import { z } from 'zod';
import { duration } from '../units.ts';

const schedule = (defaults: { every: string; deadline: string }, what: string) =>
  z
    .strictObject({
      every: duration('1s', '7d', 'the database counts slots in whole seconds')
        .prefault(defaults.every)
        .describe('Length of a slot, by the clock of the database.'),
      deadline: duration('100ms', '1d').prefault(defaults.deadline).describe('Longest run; shorter than a slot.'),
    })
    .prefault({})
    .describe(what);

export const schedules = z
  .strictObject({
    retention: schedule({ every: '1m', deadline: '45s' }, 'Deletes what is older than database.retention says.'),
    stars: schedule(
      { every: '30s', deadline: '25s' },
      "Looks for payments and refunds in Telegram's list while an order is open or money is on its way.",
    ),
    reconcile: schedule({ every: '1h', deadline: '10m' }, "Compares all of Telegram's list with our books."),
    reserves: schedule(
      { every: '1m', deadline: '45s' },
      'Gives back reserved credits whose work was not settled in time.',
    ),
  })
  .prefault({});
