/**
 * `GET /health` of a task that serves: the one declaration of what the app writes, and of what sentinel and control
 * room read. Times in ms unless named otherwise; sizes in bytes.
 */
import { z } from 'zod';

/** Updates of a queue are counted so far; one more than this stands for all that follow. */
export const COUNTED_TO = 100_000;

/** Jobs and messages are counted so far; one more than this stands for all that follow. */
export const WORK_COUNTED_TO = 1_000;

const gauge = z.number().min(0);
const status = z.enum(['healthy', 'degraded', 'unhealthy']);

/** A queue in the database, the same whichever task tells it. */
const queue = z.object({
  /** Updates accepted and not yet handled; {@link COUNTED_TO} and one for more. */
  pending: gauge,
  /** Chats (or pre-checkout queries) that they belong to. */
  lanes: gauge,
  /** Longest time that a lane has been ready and no worker has taken it, s. */
  oldestSeconds: gauge,
  /** Updates given up after their attempts; an operator decides. */
  parked: gauge,
  /** Lanes that wait, for a worker or for their time, and those that a worker holds. */
  waiting: gauge,
  active: gauge,
  /** Updates that no lane has or will get, although announcement and sweep have had their time. */
  stranded: gauge,
});

/** Jobs of a queue in the database, the same whichever task tells it. Counted to {@link WORK_COUNTED_TO}. */
const jobs = z.object({
  /** Due, and not begun. */
  due: gauge,
  /** How long the oldest of them has been due, s. */
  oldestSeconds: gauge,
  running: gauge,
  /** Of those that run: beyond their deadline and the time to end after it. */
  overdue: gauge,
  /** Given up after their attempts; a person decides. */
  dead: gauge,
});

/** What runs by the clock. */
const slots = z.object({
  /** Since the beginning of the last slot that was done, s; of the first one where none was. 0 before that. */
  doneSeconds: gauge,
  /** Slots in a row, up to now, that are over and were not done. */
  missed: gauge,
});

/** Messages of the outbox in the database. */
const messages = z.object({
  /** Due and not taken, of those that somebody waits for: no marketing. */
  due: gauge,
  oldestSeconds: gauge,
  /** Given up, and of unknown outcome: those that a person has to look at. */
  dead: gauge,
  unknown: gauge,
});

/** Answers to updates in the database that a person has to look at. Counted to {@link WORK_COUNTED_TO}. */
const answers = z.object({
  /** Of which nobody knows whether they arrived, and which are not sent again (fault ambiguous-send). */
  unknown: gauge,
});

const provider = z.looseObject({
  breaker: z.enum(['closed', 'open', 'half-open']),
  inFlight: gauge,
  failures: gauge,
  /** OpenRouter's: 1 since it said that our account there has nothing left, until it answers again: a gauge. */
  balanceEmpty: gauge.optional(),
  /** Telegram's: sends whose outcome was not known, those of them that were sent once more, those left to a person; texts whose markup it could not read. */
  // A task of the release before has no `unread`.
  sends: z.object({ unknown: gauge, repeated: gauge, listed: gauge, unread: gauge.optional() }).optional(),
  /** Telegram's: its limits of messages a second and a minute. */
  rate: z
    .object({
      /** Sends that wait for their turn now. */
      waiting: gauge,
      /** Sends that waited noticeably, and that were postponed instead, since the start. */
      waited: gauge,
      postponed: gauge,
      /** Answers 429 since the start. */
      refused: gauge,
      /** How long Telegram wants to be sent nothing at all, from now, ms. */
      closedFor: gauge,
      /** 1 while the database does not share the rate out, and this task keeps to its own part: a gauge. */
      alone: gauge,
    })
    .optional(),
});

/** What features say of themselves, as a worker has looked a minute ago at most; missing where nobody could look. */
export const featureGauges = z.object({
  money: z.object({
    uncredited: gauge,
    parked: gauge,
    refundsStuck: gauge,
    reconciledSeconds: gauge,
    mismatches: gauge,
    takenBack: gauge,
  }),
});
export type FeatureGauges = z.output<typeof featureGauges>;

/** What a role adds of its own; does not touch the database. */
const roleDetails = z.object({
  intake: z
    .object({
      inFlight: gauge,
      maxInFlight: gauge,
      stored: gauge,
      duplicates: gauge,
      malformed: gauge,
      forbidden: gauge,
      refused: gauge,
      /** Unix time of the last request, ms; 0 before the first. */
      lastRequestAt: gauge,
    })
    .optional(),
  /** Callbacks of payments by provider, since the start of the task. */
  callbacks: z
    .record(
      z.string(),
      z.object({
        inFlight: gauge,
        maxInFlight: gauge,
        accepted: gauge,
        refused: gauge,
        unsigned: gauge,
        forged: gauge,
        /** In the last minutes. */
        forgedLately: gauge,
        /** Unix time of the last one that was accepted, ms; 0 before the first. */
        lastAt: gauge,
      }),
    )
    .optional(),
  lanes: z
    .record(z.string(), z.object({ active: gauge, capacity: gauge, handled: gauge, failed: gauge, parked: gauge }))
    .optional(),
  /** Durable jobs by queue, since the start of the task. */
  jobs: z
    .record(z.string(), z.object({ active: gauge, capacity: gauge, done: gauge, failed: gauge, dead: gauge }))
    .optional(),
  /** Messages of the outbox, since the start of the task. */
  outbox: z
    .object({
      active: gauge,
      capacity: gauge,
      sent: gauge,
      repeated: gauge,
      unknown: gauge,
      dead: gauge,
      blocked: gauge,
    })
    .optional(),
  providers: z.record(z.string(), provider).optional(),
  /** Kill switches by name: what the posture says, and what people have switched. Both true: it is on. */
  flags: z.record(z.string(), z.object({ posture: z.boolean(), flag: z.boolean() })).optional(),
  /** 1 while the connection that hears of new work is up, else 0: a gauge. */
  listener: z.object({ connected: gauge }).optional(),
  /** Chats that other workers took from this living one in the last minutes: their last answers may come twice. A gauge. */
  leases: z.object({ lost: gauge }).optional(),
  /** 1 while nothing goes out, as the database was put back or replaced and nobody has looked yet: a gauge. */
  lineage: z.object({ held: gauge }).optional(),
  /** Of a media task: the file system that files under way lie on, bytes. */
  disk: z.object({ used: gauge, size: gauge }).optional(),
  ...featureGauges.partial().shape,
});

/** With the operator's token. */
const page = roleDetails.extend({
  status,
  role: z.enum(['web', 'worker', 'media']),
  pid: z.number(),
  uptimeSeconds: gauge,
  draining: z.boolean(),
  /** What is wrong, one line each; empty when healthy. */
  reasons: z.array(z.string()),
  eventLoop: z.object({ p99: gauge, max: gauge }),
  memory: z.object({ rss: gauge, heapUsed: gauge, heapLimit: gauge }),
  pool: z.object({ max: gauge, total: gauge, idle: gauge, waiting: gauge }),
  /** Read from the database, as `queues` is; absent while it is away. */
  database: z.object({ oldestTransactionSeconds: gauge }).optional(),
  queues: z.record(z.string(), queue).optional(),
  /** Why nothing goes out: `npm run ops -- resume` ends it. Empty: everything does. */
  held: z.array(z.string()).optional(),
  /** What the bot has decided to do, of all tasks together. */
  work: z
    .object({ jobs: z.record(z.string(), jobs), schedules: z.record(z.string(), slots), messages, answers })
    .optional(),
});

/**
 * What may be read of a task of any release, with the operator's token or without: who looks from outside is deployed
 * before the tasks or after them, and a gauge that only one of the two knows must not make the bot look dead.
 */
export const glimpse = page
  .pick({ status: true, reasons: true, queues: true, database: true, work: true })
  .partial()
  .required({ status: true })
  .extend({
    queues: z
      .record(z.string(), queue.partial().required({ pending: true, oldestSeconds: true, parked: true }))
      .optional(),
    work: z
      .object({
        jobs: z.record(z.string(), jobs.partial()),
        schedules: z.record(z.string(), slots.partial()),
        messages: messages.partial(),
        answers: answers.partial(),
      })
      .partial()
      .optional(),
  });

/** The parts of {@link roleDetails} that a task's own metrics are made of. */
export const vitalSigns = z.object({
  listener: roleDetails.shape.listener,
  leases: roleDetails.shape.leases,
  callbacks: roleDetails.shape.callbacks,
  money: roleDetails.shape.money,
  lineage: roleDetails.shape.lineage,
  disk: roleDetails.shape.disk,
  providers: z.record(z.string(), provider.pick({ breaker: true, balanceEmpty: true })).optional(),
});

export type Status = z.output<typeof status>;
export type Health = z.output<typeof page>;
export type Glimpse = z.output<typeof glimpse>;
export type RoleDetails = z.output<typeof roleDetails>;
export type RateHealth = NonNullable<z.output<typeof provider>['rate']>;
export type QueueHealth = z.output<typeof queue>;
export type JobHealth = z.output<typeof jobs>;
export type SlotHealth = z.output<typeof slots>;
export type MessageHealth = z.output<typeof messages>;
export type AnswerHealth = z.output<typeof answers>;
export type WorkHealth = NonNullable<Health['work']>;
