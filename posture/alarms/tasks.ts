/** Alarms on the tasks of each role. */
import { MEMORY_SHARE, ROLES, type Role } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { alarm, type Alarm, type AlarmDraft } from './alarm.ts';
import { LOG_METRICS, LOGS, TASK, TASK_METRICS } from './metrics.ts';

/** ECS publishes once a minute, for the minute before. */
const DELAY = 60;
/** Metrics in a log line are there within seconds of it. */
const LOG_DELAY = 30;
/** Share of the open-files limit that the law files.fit plans with. */
const FILES_SHARE = 0.7;

const service = (role: Role) => ['cluster', `${role}Service`] as const;

/** Tasks that run even in the middle of a deploy. */
function always({ rollout, ...posture }: Posture, role: Role): number {
  const share = Math.min(1, rollout.minimumHealthy);
  return Math.ceil(Number((posture[role].tasks.min * share).toFixed(6)));
}

function countAlarm(posture: Posture, role: Role): AlarmDraft {
  return {
    id: `${role}-tasks`,
    title: `Fewer ${role} tasks run than declared`,
    metric: { namespace: 'ECS/ContainerInsights', name: 'RunningTaskCount', dimensions: service(role) },
    statistic: 'Minimum',
    comparison: '<',
    threshold: always(posture, role),
    unit: 'Count',
    periods: 5,
    datapoints: 5,
    // Zero tasks are a zero here; silence is the alarms' of CPU and memory, which have no data without tasks.
    missing: 'notBreaching',
    severity: 'ticket',
    faults: ['crash-unknown', 'reload-in-prod', 'slow-start', 'oom'],
    delay: DELAY,
    rollback: [role],
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
    missing: 'breaching',
    severity: 'ticket',
    faults: ['throttling', 'passive-watchdog'],
    delay: DELAY,
  };
}

function memoryAlarm(role: Role): AlarmDraft {
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
    missing: 'breaching',
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

const crashAlarm: AlarmDraft = {
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
  rollback: ROLES,
};

export function taskAlarms(posture: Posture): Alarm[] {
  // A role that may scale to nothing has no number of tasks that is too small.
  const running = ROLES.filter((role) => posture[role].tasks.min > 0);
  const drafts: AlarmDraft[] = [
    ...running.map((role) => countAlarm(posture, role)),
    ...ROLES.flatMap((role) => [cpuAlarm(posture, role), memoryAlarm(role), filesAlarm(posture, role)]),
    ...(posture.worker.tasks.min > 0 ? [heartbeatAlarm] : []),
    listenerAlarm,
    crashAlarm,
  ];
  return drafts.map((draft) => alarm(posture, draft));
}
