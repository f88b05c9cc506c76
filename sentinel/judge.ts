/** What a look means, in metrics. Pure: the same answers at the same time give the same metrics. */
import type { Glimpse, Status } from '../contract/health.ts';
import type { Metric, Unit } from '../contract/metric.ts';
import { WEBHOOK_PATH } from '../contract/paths.ts';
import { SENTINEL, SENTINEL_METRICS, WEBHOOK, type Severity } from '../posture/alarms/index.ts';
import { deadAre, jobAgeLimit, messageAgeLimit, slotAgeLimit } from '../posture/alarms/work.ts';
import { hasMedia, queuesOf } from '../posture/limits.ts';
import type { JobName, Posture, ScheduleName } from '../posture/schema/index.ts';
import type { BotAnswer, TelegramAnswer, WebhookInfo } from './answers.ts';
import type { Look } from './look.ts';
import type { TasksAnswer } from './tasks.ts';

export interface Declared {
  posture: Posture;
  /** Address of the bot, without a slash at the end. */
  publicUrl: string;
}

const STATUS: Record<Status, number> = { healthy: 0, degraded: 1, unhealthy: 2 };

type Name = keyof typeof SENTINEL_METRICS;
const metric = (name: Name, value: number, unit: Unit = 'Count', dimensions: Record<string, string> = {}): Metric => ({
  namespace: SENTINEL,
  name: SENTINEL_METRICS[name],
  value,
  unit,
  dimensions,
});

/** Metrics of a look, silence included. `now` in ms. */
export const judge = ({ telegram, bot, tasks }: Look, declared: Declared, now: number): Metric[] => [
  metric('look', 1),
  ...ofTelegram(telegram, declared, now),
  ...ofBot(bot, declared.posture),
  ...(tasks ? ofTasks(tasks) : []),
];

/** More than are wanted run in the middle of a deploy: none is missing then. */
const ofTasks = (answer: TasksAnswer): Metric[] =>
  answer.kind === 'unusable'
    ? []
    : answer.tasks.map(({ role, wanted, running }) =>
        metric('tasksMissing', Math.max(0, wanted - running), 'Count', { Role: role }),
      );

function ofTelegram(answer: TelegramAnswer, declared: Declared, now: number): Metric[] {
  const refused = metric('tokenRefused', answer.kind === 'refused' ? 1 : 0);
  const unreachable = metric('telegramUnreachable', answer.kind === 'unusable' ? 1 : 0);
  if (answer.kind === 'unusable') return [unreachable];
  if (answer.kind === 'refused') return [unreachable, refused];
  const { webhook } = answer;
  return [
    unreachable,
    refused,
    metric('webhookPending', webhook.pending_update_count),
    metric('webhookMismatch', mismatch(webhook, declared)),
    metric('webhookFailing', failing(webhook, declared.posture, now) ? 1 : 0),
  ];
}

const addressOf = ({ publicUrl }: Declared): string => publicUrl + WEBHOOK_PATH;

function mismatch(webhook: WebhookInfo, declared: Declared): number {
  if (webhook.url !== addressOf(declared)) return WEBHOOK.otherAddress;
  return mismatches(webhook, declared).length > 0 ? WEBHOOK.otherSettings : WEBHOOK.declared;
}

/** What of Telegram's webhook is not as declared: one line each. What Telegram leaves out is not compared. */
export function mismatches(webhook: WebhookInfo, declared: Declared): string[] {
  const wanted = addressOf(declared);
  const { maxConnections, allowedUpdates } = declared.posture.telegram;
  const found: string[] = [];
  if (webhook.url !== wanted) found.push(`url is ${webhook.url || 'not set'}, declared ${wanted}`);
  if (webhook.max_connections !== undefined && webhook.max_connections !== maxConnections)
    found.push(`max_connections is ${webhook.max_connections}, declared ${maxConnections}`);
  const list = webhook.allowed_updates;
  if (list && [...list].sort().join() !== [...allowedUpdates].sort().join())
    found.push(`allowed_updates are ${list.join(' ')}, declared ${allowedUpdates.join(' ')}`);
  return found;
}

/** Telegram keeps the last error for ever, so only one since the look before counts; half a look more for jitter. */
function failing(webhook: WebhookInfo, { sentinel }: Posture, now: number): boolean {
  const since = now - sentinel.every * 1.5;
  return webhook.last_error_date !== undefined && webhook.last_error_date * 1000 >= since;
}

function ofBot(answer: BotAnswer, posture: Posture): Metric[] {
  if (answer.kind === 'unusable') return [metric('botHealth', STATUS.unhealthy)];
  const { status, queues = {}, work, database } = answer.health;
  const oldest = database?.oldestTransactionSeconds;
  return [
    metric('botHealth', STATUS[status]),
    ...(oldest === undefined ? [] : [metric('oldestTransaction', oldest, 'Seconds')]),
    ...Object.entries(queues).flatMap(([queue, gauges]) => ofQueue(queue, gauges)),
    ...(work?.jobs ? ofJobs(work.jobs, posture) : []),
    ...(work?.schedules ? [ofSlots(work.schedules, posture)] : []),
    ...(work?.messages ? ofMessages(work.messages, posture) : []),
    ...(work?.answers ? [metric('answersUnknown', work.answers.unknown ?? 0)] : []),
  ];
}

type Work = NonNullable<Glimpse['work']>;

/** Seconds by which an age is beyond its limit (ms). */
const beyond = (seconds: number, limit: number): number => Math.max(0, Math.round(seconds - limit / 1000));

/** How long the oldest job of the media tasks has been due, s; and how many are due or run, as nobody chooses which task would go. */
function ofMedia(posture: Posture, jobs: NonNullable<Work['jobs']>): Metric[] {
  const media = queuesOf(posture, 'media').flatMap((queue) => jobs[queue] ?? []);
  return [
    metric('mediaAge', Math.max(0, ...media.map(({ oldestSeconds = 0 }) => oldestSeconds)), 'Seconds'),
    metric(
      'mediaBusy',
      media.reduce((sum, { due = 0, running = 0 }) => sum + due + running, 0),
    ),
  ];
}

/** Of all queues together: an alarm for each of them would ring the same bell. Which one it is stands in the remarks. */
function ofJobs(jobs: NonNullable<Work['jobs']>, posture: Posture): Metric[] {
  const known = Object.entries(jobs).filter(([queue]) => queue in posture.work);
  const late = known.map(([queue, { oldestSeconds = 0 }]) =>
    beyond(oldestSeconds, jobAgeLimit(posture, queue as JobName)),
  );
  const sum = (of: (queue: string, gauges: (typeof jobs)[string]) => number | undefined) =>
    known.reduce((total, [queue, gauges]) => total + (of(queue, gauges) ?? 0), 0);
  const dead = (severity: Severity) => sum((queue, gauges) => (deadAre(severity, queue) ? gauges.dead : 0));
  return [
    metric('jobsLateBy', Math.max(0, ...late), 'Seconds'),
    ...(hasMedia(posture) ? ofMedia(posture, jobs) : []),
    metric(
      'jobsOverdue',
      sum((_queue, { overdue }) => overdue),
    ),
    metric('jobsDead', dead('ticket')),
    metric('jobsDeadUrgent', dead('page')),
  ];
}

function ofSlots(schedules: NonNullable<Work['schedules']>, posture: Posture): Metric {
  const late = Object.entries(schedules).filter(
    ([name, { doneSeconds = 0 }]) =>
      name in posture.schedules && doneSeconds * 1000 > slotAgeLimit(posture, name as ScheduleName),
  );
  return metric('slotsMissed', Math.max(0, ...late.map(([, { missed = 0 }]) => missed)));
}

const ofMessages = (
  { oldestSeconds = 0, dead = 0, unknown = 0 }: NonNullable<Work['messages']>,
  posture: Posture,
): Metric[] => [
  metric('messagesLateBy', beyond(oldestSeconds, messageAgeLimit(posture)), 'Seconds'),
  metric('messagesDead', dead),
  metric('messagesUnknown', unknown),
];

/** What waits for a person, which makes no task ill and is in none of its reasons. */
function forPeople({ jobs = {}, messages, answers }: Work): string[] {
  const dead = Object.entries(jobs).filter(([, gauges]) => (gauges.dead ?? 0) > 0);
  const left = (['dead', 'unknown'] as const).filter((state) => (messages?.[state] ?? 0) > 0);
  return [
    ...dead.map(([queue, gauges]) => `jobs of ${queue}: ${gauges.dead} dead`),
    ...left.map((state) => `outbox: ${messages![state]} messages ${state}`),
    ...(answers?.unknown ? [`inbox: ${answers.unknown} answers unknown`] : []),
  ];
}

type Gauges = NonNullable<Glimpse['queues']>[string];

function ofQueue(queue: string, gauges: Gauges): Metric[] {
  const dimensions = { Queue: queue };
  return [
    metric('queuePending', gauges.pending, 'Count', dimensions),
    metric('queueAge', gauges.oldestSeconds, 'Seconds', dimensions),
    metric('queueParked', gauges.parked, 'Count', dimensions),
    ...(gauges.stranded === undefined ? [] : [metric('queueStranded', gauges.stranded, 'Count', dimensions)]),
  ];
}

/** What on-call should read in the log beside the metrics: one line for each thing that is not well. */
export function remarks({ telegram, bot, tasks }: Look, declared: Declared): string[] {
  const lines: string[] = [];
  if (tasks?.kind === 'unusable') lines.push(`tasks: ${tasks.reason}`);
  if (tasks?.kind === 'counted')
    for (const { role, wanted, running } of tasks.tasks)
      if (running < wanted) lines.push(`tasks: ${running} of ${wanted} ${role} tasks run`);
  if (telegram.kind === 'unusable') lines.push(`Telegram: ${telegram.reason}`);
  if (telegram.kind === 'refused') lines.push(`Telegram refuses the bot token: ${telegram.reason}`);
  if (telegram.kind === 'webhook') {
    lines.push(...mismatches(telegram.webhook, declared).map((line) => `webhook: ${line}`));
    if (telegram.webhook.pending_update_count > 0 && telegram.webhook.last_error_message)
      lines.push(`Telegram's last delivery failed: ${telegram.webhook.last_error_message}`);
  }
  if (bot.kind === 'unusable') lines.push(`bot: ${bot.reason}`);
  else
    lines.push(...[...(bot.health.reasons ?? []), ...forPeople(bot.health.work ?? {})].map((line) => `bot: ${line}`));
  if (bot.kind === 'health' && bot.health.status !== 'unhealthy' && !bot.health.reasons)
    lines.push('bot: no details; is the operator token the same on both sides?');
  return lines;
}
