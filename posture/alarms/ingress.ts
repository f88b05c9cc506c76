/** Alarms on the load balancer: what Telegram gets when it delivers. */
import type { Posture } from '../schema/index.ts';
import { alarm, type Alarm, type AlarmDraft } from './alarm.ts';

const NAMESPACE = 'AWS/ApplicationELB';
/** The load balancer publishes once a minute, for the minute before. */
const DELAY = 60;

const TARGETS = ['alb', 'webTargetGroup'] as const;

/** Seconds until the load balancer calls a task unhealthy that has stopped answering. */
const healthCheckOnset = ({ ingress: { healthCheck } }: Posture): number =>
  Math.ceil((healthCheck.unhealthy * healthCheck.interval + healthCheck.timeout) / 1000);

export function ingressAlarms(posture: Posture): Alarm[] {
  const drafts: AlarmDraft[] = [
    {
      id: 'web-no-healthy-host',
      title: 'No web task is healthy: Telegram cannot deliver anything',
      metric: { namespace: NAMESPACE, name: 'HealthyHostCount', dimensions: TARGETS },
      statistic: 'Minimum',
      comparison: '<',
      threshold: 1,
      unit: 'Count',
      // Without targets the metric has no data at all: silence is the fault, and CloudWatch is slow to believe it,
      // so 1 of 1 is what fits into five minutes.
      periods: 2,
      datapoints: 2,
      missing: 'breaching',
      severity: 'page',
      faults: ['slow-start', 'pool-exhaustion', 'reload-in-prod', 'no-health-page'],
      onset: healthCheckOnset(posture),
      delay: DELAY,
    },
    {
      id: 'web-unhealthy-host',
      title: 'A web task fails its health check',
      metric: { namespace: NAMESPACE, name: 'UnHealthyHostCount', dimensions: TARGETS },
      statistic: 'Maximum',
      comparison: '>=',
      threshold: 1,
      unit: 'Count',
      periods: 3,
      datapoints: 3,
      missing: 'notBreaching',
      severity: 'ticket',
      faults: ['passive-watchdog', 'slow-start'],
      onset: healthCheckOnset(posture),
      delay: DELAY,
      rollback: ['web'],
    },
    {
      id: 'web-target-5xx',
      title: 'Web tasks answer with server errors: Telegram must deliver again',
      metric: { namespace: NAMESPACE, name: 'HTTPCode_Target_5XX_Count', dimensions: TARGETS },
      statistic: 'Sum',
      comparison: '>=',
      threshold: 5,
      unit: 'Count',
      periods: 5,
      datapoints: 3,
      missing: 'notBreaching',
      severity: 'page',
      faults: ['pool-exhaustion', 'db-drop', 'false-200', 'ipn-storm'],
      delay: DELAY,
      rollback: ['web'],
    },
    {
      id: 'alb-5xx',
      title: 'The load balancer itself answers with errors: no web task could be asked',
      metric: { namespace: NAMESPACE, name: 'HTTPCode_ELB_5XX_Count', dimensions: ['alb'] },
      statistic: 'Sum',
      comparison: '>=',
      threshold: 5,
      unit: 'Count',
      periods: 5,
      datapoints: 3,
      missing: 'notBreaching',
      severity: 'page',
      faults: ['reload-in-prod', 'crash-unknown', 'oom'],
      delay: DELAY,
      rollback: ['web'],
    },
    {
      id: 'web-latency',
      title: 'One in a hundred webhook requests waits long for its answer',
      metric: { namespace: NAMESPACE, name: 'TargetResponseTime', dimensions: TARGETS },
      statistic: 'p99',
      comparison: '>',
      // 2 s of the 5 s after which a request is answered 503: late enough to be wrong, early enough to act.
      threshold: (posture.telegram.ackDeadline / 1000) * 0.4,
      unit: 'Seconds',
      periods: 5,
      datapoints: 5,
      missing: 'notBreaching',
      severity: 'ticket',
      faults: ['pool-exhaustion', 'missing-index', 'throttling', 'public-page'],
      delay: DELAY,
      rollback: ['web'],
    },
  ];
  return drafts.map((draft) => alarm(posture, draft));
}
