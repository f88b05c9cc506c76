/** What every queue has: attempts; and how one of jobs, or a schedule, is declared. */
import { z } from 'zod';
import { count, duration } from '../units.ts';

/** Attempts after which a poisonous update is parked, and the pauses between them. */
export const attempts = (
  defaults: { attempts: number; first: string; max: string },
  what = 'Attempts at one update before it is parked and its chat goes on.',
) => ({
  attempts: count(1, 20).prefault(defaults.attempts).describe(what),
  backoff: z
    .strictObject({
      first: duration('10ms', '10m')
        .prefault(defaults.first)
        .describe('Pause after the first failed attempt; doubled after each further one.'),
      max: duration('10ms', '1h').prefault(defaults.max).describe('Longest pause between two attempts.'),
    })
    .prefault({}),
});

interface JobDefaults {
  concurrency: number;
  deadline: string;
  patience: string;
  attempts: number;
  first: string;
  max: string;
}

/** A queue of durable jobs: what the bot does by its own decision, once, whatever is killed. */
export const jobQueue = (defaults: JobDefaults, what: string) =>
  z
    .strictObject({
      concurrency: count(1, 200).prefault(defaults.concurrency).describe('Jobs that one worker task runs at once.'),
      deadline: duration('100ms', '1h').prefault(defaults.deadline).describe('Longest run of one job.'),
      patience: duration('1s', '30d')
        .prefault(defaults.patience)
        .describe(
          'Time since a job was due up to which it is postponed without using an attempt while it waits for somebody else (a provider that is away, a rate, the database).',
        ),
      ...attempts(defaults, 'Attempts at one job before it is dead: kept with its cause, for a person.'),
    })
    .prefault({})
    .describe(what);

/** What runs by the clock, one run a slot. */
export const schedule = (defaults: { every: string; deadline: string; catchUp?: number }, what: string) =>
  z
    .strictObject({
      every: duration('1s', '7d', 'the database counts slots in whole seconds')
        .prefault(defaults.every)
        .describe('Length of a slot, by the clock of the database.'),
      deadline: duration('100ms', '1d').prefault(defaults.deadline).describe('Longest run; shorter than a slot.'),
      catchUp: count(0, 100)
        .prefault(defaults.catchUp ?? 0)
        .describe(
          'Slots before the current one that are run late, the oldest first, when no worker ran them. 0: a run does what all before it have left, so the current one is enough.',
        ),
    })
    .prefault({})
    .describe(what);
