/** Alarms on what the sentinel sees from outside: Telegram's webhook, the bot's own health page, the sentinel itself. */
import type { Posture } from '../schema/index.ts';
import { alarm, type Alarm, type AlarmDraft } from './alarm.ts';
import { SENTINEL, SENTINEL_METRICS, WEBHOOK } from './metrics.ts';

/** Whole minutes, and no shorter than the time between two looks: a period without a look would be missing data. */
export const sentinelPeriod = (posture: Posture): number =>
  Math.max(1, Math.ceil(posture.sentinel.every / 60_000)) * 60;

/** A look that waits for its whole deadline reports that much later; then the log line becomes a metric. */
export const sentinelDelay = (posture: Posture): number => Math.ceil(posture.sentinel.timeout / 1000) + 30;

type Part = Pick<AlarmDraft, 'id' | 'title' | 'threshold' | 'missing' | 'severity' | 'faults'> & {
  name: keyof typeof SENTINEL_METRICS;
  of: number;
  statistic?: AlarmDraft['statistic'];
  comparison?: AlarmDraft['comparison'];
};

function seen(posture: Posture, { name, of, statistic = 'Maximum', comparison = '>=', ...part }: Part): AlarmDraft {
  return {
    ...part,
    metric: { namespace: SENTINEL, name: SENTINEL_METRICS[name], dimensions: ['stack'] },
    statistic,
    comparison,
    unit: 'Count',
    period: sentinelPeriod(posture),
    periods: of,
    datapoints: of,
    delay: sentinelDelay(posture),
  };
}

function webhook(posture: Posture): AlarmDraft[] {
  return [
    seen(posture, {
      id: 'webhook-pending',
      title: 'Updates pile up at Telegram: the webhook does not take them as fast as they come',
      name: 'webhookPending',
      comparison: '>',
      // What Telegram may have under way at once is not a pile: 50 with the 40 connections shipped.
      threshold: Math.ceil(posture.telegram.maxConnections * 1.25),
      of: 3,
      missing: 'notBreaching',
      severity: 'page',
      faults: ['pool-exhaustion', 'webhook-race', 'db-drop', 'retries'],
    }),
    seen(posture, {
      id: 'webhook-mismatch',
      title: 'Telegram delivers to another address than this stack declares, or to none',
      name: 'webhookMismatch',
      threshold: WEBHOOK.otherAddress,
      // Two looks, so that the second in which a deploy changes the webhook wakes nobody.
      of: 2,
      missing: 'notBreaching',
      severity: 'page',
      faults: ['webhook-mismatch', 'webhook-race'],
    }),
    seen(posture, {
      id: 'webhook-settings',
      title: 'Telegram has another limit or other types for the webhook than this stack declares',
      name: 'webhookMismatch',
      threshold: WEBHOOK.otherSettings,
      // Updates still come here, so it can wait for the working day, and for the deploy that may be on its way.
      of: 10,
      missing: 'notBreaching',
      severity: 'ticket',
      faults: ['webhook-mismatch'],
    }),
    seen(posture, {
      id: 'webhook-failing',
      title: 'Telegram reports failed deliveries',
      name: 'webhookFailing',
      threshold: 1,
      of: 5,
      missing: 'notBreaching',
      severity: 'ticket',
      faults: ['false-200', 'liveness-order', 'webhook-mismatch'],
    }),
    seen(posture, {
      id: 'telegram-token-refused',
      title: 'Telegram refuses the bot token',
      name: 'tokenRefused',
      threshold: 1,
      of: 2,
      missing: 'notBreaching',
      severity: 'page',
      faults: ['webhook-mismatch'],
    }),
    seen(posture, {
      id: 'telegram-unreachable',
      title: 'The sentinel gets no answer from Telegram',
      name: 'telegramUnreachable',
      threshold: 1,
      of: 5,
      missing: 'notBreaching',
      severity: 'ticket',
      faults: ['no-timeout', 'quiet-false-alarm'],
    }),
  ];
}

function bot(posture: Posture): AlarmDraft[] {
  return [
    seen(posture, {
      id: 'bot-unhealthy',
      title: 'The bot says that it is unhealthy, or says nothing',
      name: 'botHealth',
      threshold: 2,
      of: 3,
      missing: 'notBreaching',
      severity: 'page',
      faults: ['keepalive-hammer', 'no-health-page', 'db-drop', 'db-flag'],
    }),
    seen(posture, {
      id: 'bot-degraded',
      title: 'The bot says that it is degraded',
      name: 'botHealth',
      threshold: 1,
      of: 10,
      missing: 'notBreaching',
      severity: 'ticket',
      faults: ['no-health-page', 'no-degradation', 'counters-stale'],
    }),
    {
      ...seen(posture, {
        id: 'bot-details-missing',
        title: "The bot's health page tells the sentinel no details: lanes, jobs and messages are not watched",
        name: 'oldestTransaction',
        statistic: 'SampleCount',
        comparison: '<',
        threshold: 1,
        of: 10,
        missing: 'breaching',
        severity: 'ticket',
        faults: ['no-health-page', 'passive-watchdog'],
      }),
      unit: 'Seconds',
    },
    seen(posture, {
      id: 'sentinel-silent',
      title: 'The sentinel is silent: nobody watches the bot from outside',
      name: 'look',
      statistic: 'SampleCount',
      comparison: '<',
      threshold: 1,
      of: 3,
      missing: 'breaching',
      severity: 'page',
      faults: ['passive-watchdog', 'keepalive-hammer'],
    }),
  ];
}

/** Who is paged by the relay alone would not know that it is broken; e-mail and HTTPS do not need it. */
const relay: AlarmDraft = {
  id: 'oncall-relay',
  title: 'A page could not be passed on to the on-call chat',
  metric: { namespace: 'AWS/Lambda', name: 'Errors', dimensions: ['relay'] },
  statistic: 'Sum',
  comparison: '>=',
  threshold: 1,
  unit: 'Count',
  periods: 1,
  datapoints: 1,
  missing: 'notBreaching',
  severity: 'ticket',
  faults: ['passive-watchdog'],
  delay: 60,
};

export const outsideAlarms = (posture: Posture): Alarm[] =>
  [...webhook(posture), ...bot(posture), ...(posture.oncall.telegramChat === undefined ? [] : [relay])].map((draft) =>
    alarm(posture, draft),
  );
