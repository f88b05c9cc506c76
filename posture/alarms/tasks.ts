/** Alarms on the tasks of each role. */
import { hasMedia, MEMORY_SHARE, rolesOf, type Role } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { alarm, type Alarm, type AlarmDraft } from './alarm.ts';
import { LOG_METRICS, LOGS, SENTINEL, SENTINEL_METRICS, TASK, TASK_METRICS } from './metrics.ts';
import { sentinelDelay, sentinelPeriod } from './outside.ts';

/** ECS publishes once a minute, for the minute before. */
const DELAY = 60;
/** Metrics in a log line are there within seconds of it. */
const LOG_DELAY = 30;
/** Share of the disk that the law disk.fits plans with. */
const DISK_SHARE = 0.85;
/** Share of the open-files limit that the law files.fit plans with. */
const FILES_SHARE = 0.7;

const service = (role: Role) => ['cluster', `${role}Service`] as const;

/** From wanted to running on Fargate, s: a place, an address, the image. */
const PROVISIONING = 120;
/** What a task that somebody stopped, or that a lost zone took, may need to be there again, in looks. */
const LEAST_LOOKS = 10;

/** Looks for which autoscaling alone may have tasks on their way: one more for each cooldown, up to the most. */
function scalingOut({ scaling, ...posture }: Posture, role: Role, period: number): number {
  const { min, max } = posture[role].tasks;
  const filling = ((max - min) * scaling.scaleOutCooldown) / 1000 + PROVISIONING;
  return Math.ceil(filling / period) + 1;
}

/**
 * Against what is wanted at the moment, as the sentinel reads it from ECS: a fixed number would ring in the deploy that
 * raises `tasks.min`, which the service reaches last. It takes no deploy back. Whoever waits for capacity waits with the
 * release before as well, and tasks that fail to start are counted by ECS's own circuit breaker.
 */
function countAlarm(posture: Posture, role: Role): AlarmDraft {
  const period = sentinelPeriod(posture);
  const looks = Math.max(LEAST_LOOKS, scalingOut(posture, role, period));
  return {
    id: `${role}-tasks`,
    title: `Fewer ${role} tasks run than are wanted`,
    metric: { namespace: SENTINEL, name: SENTINEL_METRICS.tasksMissing, dimensions: ['stack', `role:${role}`] },
    statistic: 'Minimum',
    comparison: '>=',
    threshold: 1,
    unit: 'Count',
    period,
    periods: looks,
    datapoints: looks,
    // A sentinel that cannot ask has an alarm of its own.
    missing: 'notBreaching',
    severity: 'ticket',
    faults: ['crash-unknown', 'reload-in-prod', 'slow-start', 'oom'],
    delay: sentinelDelay(posture),
  };
}

function cpuAlarm(posture: Posture, role: Role): AlarmDraft {
  return {
    id: `${role}-cpu`,
    title: `The ${role} tasks are short of CPU although autoscaling has had its chance`,
    metric: { namespace: 'AWS/ECS', name: 'CPUUtilization', dimensions: service(role) },
    statistic: 'Average',
    comparison: '>',
    // Half way from what autoscaling aims at to the whole: while it can still add tasks, the average stays below.
    threshold: Math.round(((1 + posture.scaling.cpu) / 2) * 100),
    unit: 'Percent',
    periods: 5,
    datapoints: 5,
    // No tasks at all are for `tasks`, for the balancer's count of healthy hosts and for the worker's heartbeat to tell.
    missing: 'notBreaching',
    severity: 'ticket',
    faults: ['throttling', 'passive-watchdog', ...(role === 'web' ? ['public-page'] : [])],
    delay: DELAY,
  };
}

function memoryAlarm(_: Posture, role: Role): AlarmDraft {
  return {
    id: `${role}-memory`,
    title: `A ${role} task holds more memory than was planned for`,
    metric: { namespace: 'AWS/ECS', name: 'MemoryUtilization', dimensions: service(role) },
    statistic: 'Maximum',
    comparison: '>',
    threshold: MEMORY_SHARE * 100,
    unit: 'Percent',
    periods: 5,
    datapoints: 5,
    // No tasks at all are for `tasks`, for the balancer's count of healthy hosts and for the worker's heartbeat to tell.
    missing: 'notBreaching',
    severity: 'ticket',
    faults: ['oom', 'history-memory', 'session-leak'],
    delay: DELAY,
  };
}

function filesAlarm(posture: Posture, role: Role): AlarmDraft {
  return {
    id: `${role}-open-files`,
    title: `A ${role} task has more files and sockets open than was planned for`,
    metric: { namespace: TASK, name: TASK_METRICS.openFiles, dimensions: ['stack', `role:${role}`] },
    statistic: 'Maximum',
    comparison: '>',
    threshold: Math.floor(posture[role].nofile * FILES_SHARE),
    unit: 'Count',
    periods: 5,
    datapoints: 5,
    missing: 'notBreaching',
    severity: 'ticket',
    faults: ['fd-leak', 'background-context', 'session-leak'],
    delay: LOG_DELAY,
  };
}

/** A file that is larger than it said, or one that a task before it left: the law disk.fits has counted everything else. */
const diskAlarm: AlarmDraft = {
  id: 'media-disk',
  title: 'The disk of a media task holds more than was planned for',
  metric: { namespace: TASK, name: TASK_METRICS.diskUsed, dimensions: ['stack', 'role:media'] },
  statistic: 'Maximum',
  comparison: '>',
  threshold: DISK_SHARE * 100,
  unit: 'Percent',
  periods: 3,
  datapoints: 3,
  missing: 'notBreaching',
  severity: 'ticket',
  faults: ['disk'],
  delay: LOG_DELAY,
};

/** For web the load balancer's count of healthy hosts says it better, so only the worker has one. */
const heartbeatAlarm: AlarmDraft = {
  id: 'worker-heartbeat',
  title: 'No worker reports: updates are stored but nobody answers them',
  metric: { namespace: TASK, name: TASK_METRICS.heartbeat, dimensions: ['stack', 'role:worker'] },
  statistic: 'SampleCount',
  comparison: '<',
  threshold: 1,
  unit: 'Count',
  // 3 of 3 in the references; CloudWatch itself waits three silent minutes for 1 of 1, which is what fits into five.
  periods: 3,
  datapoints: 3,
  missing: 'breaching',
  severity: 'page',
  faults: ['keepalive-hammer', 'passive-watchdog', 'crash-unknown'],
  delay: LOG_DELAY,
};

const listenerAlarm: AlarmDraft = {
  id: 'worker-listener',
  title: 'A worker is not notified of new updates and only polls for them',
  metric: { namespace: TASK, name: TASK_METRICS.listenerDown, dimensions: ['stack', 'role:worker'] },
  statistic: 'Maximum',
  comparison: '>=',
  threshold: 1,
  unit: 'Count',
  periods: 5,
  datapoints: 5,
  missing: 'notBreaching',
  severity: 'ticket',
  faults: ['db-drop', 'lifecycle-hooks'],
  delay: LOG_DELAY,
};

const crashAlarm = (posture: Posture): AlarmDraft => ({
  id: 'task-crash',
  title: 'A task ended itself after an error that nobody handled',
  metric: { namespace: LOGS, name: LOG_METRICS.fatal, dimensions: [] },
  statistic: 'Sum',
  comparison: '>=',
  threshold: 1,
  unit: 'Count',
  periods: 1,
  datapoints: 1,
  missing: 'notBreaching',
  severity: 'ticket',
  faults: ['crash-unknown', 'no-crash-diagnostics', 'passive-watchdog'],
  delay: LOG_DELAY,
  rollback: rolesOf(posture),
});

export function taskAlarms(posture: Posture): Alarm[] {
  const drafts: AlarmDraft[] = [
    ...rolesOf(posture).map((role) => countAlarm(posture, role)),
    ...rolesOf(posture).flatMap((role) => [
      cpuAlarm(posture, role),
      memoryAlarm(posture, role),
      filesAlarm(posture, role),
    ]),
    ...(posture.worker.tasks.min > 0 ? [heartbeatAlarm] : []),
    listenerAlarm,
    crashAlarm(posture),
    ...(hasMedia(posture) ? [diskAlarm] : []),
  ];
  return drafts.map((draft) => alarm(posture, draft));
}
