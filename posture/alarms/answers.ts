/** Alarms on answers that may come twice, or not at all: whoever is affected is written to by a person. */
import type { Posture } from '../schema/index.ts';
import { alarm, type Alarm } from './alarm.ts';
import { SENTINEL, SENTINEL_METRICS, TASK, TASK_METRICS } from './metrics.ts';
import { sentinelDelay, sentinelPeriod } from './outside.ts';

const once = {
  statistic: 'Maximum',
  comparison: '>=',
  threshold: 1,
  unit: 'Count',
  periods: 1,
  datapoints: 1,
} as const;

export const answerAlarms = (posture: Posture): Alarm[] => [
  alarm(posture, {
    ...once,
    id: 'answers-unknown',
    title: 'Nobody knows whether answers to users arrived, and they are not sent again',
    metric: { namespace: SENTINEL, name: SENTINEL_METRICS.answersUnknown, dimensions: ['stack'] },
    period: sentinelPeriod(posture),
    // What cannot be counted is the alarm of the lanes' ages already, which have the same source.
    missing: 'notBreaching',
    severity: 'ticket',
    faults: ['ambiguous-send'],
    delay: sentinelDelay(posture),
  }),
  alarm(posture, {
    ...once,
    id: 'worker-lost-lanes',
    title: 'Chats were taken from a worker that lives: their last answers may have come twice',
    metric: { namespace: TASK, name: TASK_METRICS.lanesLost, dimensions: ['stack', 'role:worker'] },
    missing: 'notBreaching',
    severity: 'ticket',
    faults: ['second-effect'],
    // Seconds from the log line to the metric.
    delay: 30,
  }),
];
