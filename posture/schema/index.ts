/** The posture: one declaration of everything that decides whether the bot stays up. All durations resolve to ms, sizes to bytes, percentages to ratios. */
import { z } from 'zod';
import { settingsOfFeatures } from '../features/index.ts';
import { database } from './database.ts';
import { ingress, network, telegram } from './edge.ts';
import { features, oncall, scaling, sentinel, stage } from './oncall.ts';
import { payments, people } from './payments.ts';
import { providers } from './providers.ts';
import { schedules } from './schedules.ts';
import { media, rollout, watchdog, web, worker } from './tasks.ts';
import { history, jobs, lanes, outbox, work } from './work.ts';

export const postureSchema = z
  .strictObject({
    stage,
    telegram,
    web,
    worker,
    media,
    rollout,
    scaling,
    watchdog,
    ingress,
    network,
    database,
    lanes,
    jobs,
    work,
    outbox,
    schedules,
    providers,
    history,
    features,
    ...settingsOfFeatures,
    payments,
    people,
    oncall,
    sentinel,
  })
  .describe('Stability posture of an Evenkeel bot.');

/** The posture as the program uses it: numbers in ms, bytes, ratios; every default filled in. */
export type Posture = z.output<typeof postureSchema>;
/** The posture as a person writes it: units, and only what differs from the defaults. */
export type PostureInput = z.input<typeof postureSchema>;
/** Queues that the posture declares, by their key under `jobs`. */
export type QueueName = keyof Posture['jobs'];
/** Queues of durable jobs, by their key under `work`. */
export type JobName = keyof Posture['work'];
/** What runs by the clock, by its key under `schedules`. */
export type ScheduleName = keyof Posture['schedules'];
