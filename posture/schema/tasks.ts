/** What each kind of task is given: how many run, how large, how many connections, how long they may take to end. */
import { z } from 'zod';
import { bytes, count, duration, percent } from '../units.ts';

const replicas = (defaults: { min: number; max: number }, least: string) =>
  z
    .strictObject({
      min: count(0, 200).prefault(defaults.min).describe(least),
      max: count(1, 200).prefault(defaults.max).describe('Tasks that autoscaling may reach.'),
    })
    .refine(({ min, max }) => max >= min, {
      error: ({ input }) => {
        const { min, max } = input as { min: number; max: number };
        return `max is at least min: raise max to ${min} or lower min to ${max}`;
      },
    })
    .prefault({});

const size = {
  tasks: replicas({ min: 2, max: 4 }, 'Tasks that always run. With two zones, two keep serving when one zone is lost.'),
  cpu: z.literal([256, 512, 1024, 2048, 4096]).describe('CPU units of one task (1024 is one vCPU), a Fargate size.'),
  memory: bytes('256MiB', '120GiB').describe('Memory of one task; the heap limit is derived from it, never typed.'),
  nofile: count(256, 1_048_576).prefault(4096).describe('Open-files limit (ulimit) of one task.'),
};

export const web = z
  .strictObject({
    ...size,
    cpu: size.cpu.prefault(256),
    memory: size.memory.prefault('512MiB'),
    pool: count(1, 100).prefault(4).describe('Database connections of one web task, beside the one for its health.'),
    maxInFlight: count(1, 10_000)
      .prefault(64)
      .describe(
        'Webhook requests one task accepts at once; beyond it a request is refused at once with 503 and Retry-After.',
      ),
    bodyLimit: bytes(
      '128KiB',
      '4MiB',
      'a long text in any script, with its entities, its keyboard and the message that it answers, takes about 100KiB',
    )
      .prefault('256KiB')
      .describe('Largest request body; a larger one is refused with 413.'),
    gather: duration('0s', '1s')
      .prefault('1ms')
      .describe('How long the first update of a batch waits for others to share its INSERT.'),
    gatherMax: count(1, 1000).prefault(250).describe('Updates that one INSERT carries at most.'),
    callbacks: z
      .strictObject({
        deadline: duration('500ms', '1m')
          .prefault('2500ms')
          .describe(
            'Every callback of a payment is answered within this time, 200 after the commit or 503. NOWPayments waits 3s.',
          ),
        maxInFlight: count(1, 1000)
          .prefault(20)
          .describe('Callbacks of one provider that one task accepts at once, beside the webhook.'),
        bodyLimit: bytes('16KiB', '1MiB', 'an invoice with its texts, every character of them escaped, takes that much')
          .prefault('32KiB')
          .describe('Largest callback; a larger one is refused with 413.'),
      })
      .prefault({})
      .describe('Where providers of payments tell of them.'),
    stopTimeout: duration('100ms', '10m').prefault('60s').describe('SIGTERM to SIGKILL. Fargate allows at most 120s.'),
    drain: duration('100ms', '10m')
      .prefault('40s')
      .describe('How long a task that got SIGTERM goes on finishing what it accepted.'),
  })
  .prefault({});

export const worker = z
  .strictObject({
    ...size,
    cpu: size.cpu.prefault(512),
    memory: size.memory.prefault('1GiB'),
    pool: count(2, 100).prefault(8).describe('Database connections of one worker task, beside the one that LISTENs.'),
    stopTimeout: duration('100ms', '10m').prefault('120s').describe('SIGTERM to SIGKILL. Fargate allows at most 120s.'),
    drain: duration('100ms', '10m')
      .prefault('100s')
      .describe('How long a task that got SIGTERM goes on finishing the updates it has begun.'),
  })
  .prefault({});

export const media = z
  .strictObject({
    ...size,
    tasks: replicas(
      { min: 1, max: 2 },
      'Tasks that always run. Nobody waits for an answer of theirs: what a lost one had in hand begins again.',
    ),
    cpu: size.cpu.prefault(512),
    memory: size.memory.prefault('2GiB'),
    pool: count(2, 100).prefault(2).describe('Database connections of one media task, beside the one that LISTENs.'),
    disk: bytes('21GiB', '200GiB', 'what Fargate sells beyond the 20GiB that every task has')
      .prefault('30GiB')
      .describe('Ephemeral storage of one task: its image, and the files that it has under way. Gone with the task.'),
    stopTimeout: duration('100ms', '10m').prefault('120s').describe('SIGTERM to SIGKILL. Fargate allows at most 120s.'),
    drain: duration('100ms', '10m')
      .prefault('100s')
      .describe('How long a task that got SIGTERM goes on with what it has begun; what takes longer begins again.'),
  })
  .prefault({})
  .describe('Tasks for jobs that move large files: there while a feature is on that has such jobs.');

export const rollout = z
  .strictObject({
    surge: percent('100%', '1000%', 'a deploy never begins with fewer tasks than are wanted')
      .prefault('200%')
      .describe('maximumPercent of a rolling deploy: running tasks may reach this share of the desired count.'),
    minimumHealthy: percent('0%', '100%').prefault('100%').describe('minimumHealthyPercent of a rolling deploy.'),
    overlap: count(0, 4)
      .prefault(1)
      .describe(
        'Sets of STOPPING tasks that may still hold connections beside the surge: 1 allows a deploy begun inside the stop time of the one before, 0 needs deploys to be serialised.',
      ),
    boot: duration('100ms', '10m')
      .prefault('20s')
      .describe('Start of a container to ready, at worst (measured by npm run bench).'),
    healthGrace: duration('100ms', '1h')
      .prefault('60s')
      .describe('How long ECS ignores a failing health check of a new task.'),
    rollbackWithin: duration('10s', '24h')
      .prefault('15m')
      .describe('Longest acceptable time from a bad deploy to the old tasks alone.'),
    operators: count(0, 50).prefault(5).describe('Connections kept for people: psql, dashboards, an incident.'),
  })
  .prefault({});

export const watchdog = z
  .strictObject({
    maxLag: duration('1s', '1m', 'collecting a full heap takes some hundred milliseconds')
      .prefault('5s')
      .describe('Longest pause of the event loop that is tolerated before the process ends itself with a diagnostic.'),
    stalledAfter: duration('5s', '1h')
      .prefault('3m')
      .describe('Longest time a worker with work to do may make no progress.'),
  })
  .prefault({});
