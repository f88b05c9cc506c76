/** What this machine can measure for the alarms: what sentinel and tasks say in the cloud too, and stand-ins for what AWS counts. */
import { readdirSync } from 'node:fs';
import { vitals } from '../../app/health/vitals.ts';
import type { Metric } from '../../contract/metric.ts';
import type { Alarm } from '../../posture/alarms/index.ts';
import { SENTINEL, TASK } from '../../posture/alarms/index.ts';
import { rolesOf } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { judge } from '../../sentinel/judge.ts';
import { look } from '../../sentinel/look.ts';
import type { TaskCount } from '../../sentinel/tasks.ts';
import type { PlatformView, TaskView } from '../contract/index.ts';

export interface Measured {
  platform: PlatformView;
  posture: Posture;
  operatorToken: string;
  /** Where the bot has its webhook; absent where it polls, as with a real bot: then nothing is asked of Telegram. */
  telegram: { apiRoot: string; botToken: string } | undefined;
}

const BALANCER = 'AWS/ApplicationELB';
const DATABASE = 'AWS/RDS';
/** Counted here as AWS counts it; the rest of its metrics is of machines that are not here. */
const STAND_INS = ['HealthyHostCount', 'UnHealthyHostCount', 'HTTPCode_Target_5XX_Count', 'DatabaseConnections'];
/** The simulated disk of a task is that of this machine. */
const ELSEWHERE = ['DiskUsed'];

/** Dimensions that tell one metric of ours from another: queue, provider, role. */
const keyOf = (namespace: string, name: string, parts: readonly string[]): string =>
  [namespace, name, ...parts].join(' ').toLowerCase();

export const keyOfMetric = ({ namespace, name, dimensions }: Metric): string =>
  keyOf(
    namespace,
    name,
    Object.entries(dimensions).map(([kind, value]) => `${kind}:${value}`),
  );

export const keyOfAlarm = ({ metric: { namespace, name, dimensions } }: Alarm): string =>
  keyOf(
    namespace,
    name,
    dimensions.filter((part) => part.includes(':')),
  );

/** Whether an alarm can ring here. */
export function isMeasured({ metric: { namespace, name } }: Alarm, { telegram }: Pick<Measured, 'telegram'>): boolean {
  if (namespace === SENTINEL) return telegram !== undefined || !/^(Webhook|Telegram)/.test(name);
  if (namespace === TASK) return !ELSEWHERE.includes(name);
  return STAND_INS.includes(name) && (namespace === BALANCER || namespace === DATABASE);
}

const serves = ({ state }: TaskView): boolean => state === 'healthy' || state === 'unhealthy';

function countTasks({ platform, posture }: Measured): TaskCount[] {
  const tasks = platform.tasks();
  return rolesOf(posture).map((role) => ({
    role,
    wanted: posture[role].tasks.min,
    running: tasks.filter((task) => task.role === role && serves(task)).length,
  }));
}

/** What the sentinel sees. Takes at most `sentinel.timeout`. */
export async function fromOutside(measured: Measured, signal: AbortSignal): Promise<Metric[]> {
  const { platform, posture, operatorToken, telegram } = measured;
  const { url } = platform.frontDoor();
  const seen = await look({
    // Nobody listens at that port: what comes of it is left out below.
    telegramApiRoot: telegram?.apiRoot ?? 'http://127.0.0.1:1',
    botToken: telegram?.botToken ?? '',
    publicUrl: url,
    operatorToken,
    countTasks: () => Promise.resolve(countTasks(measured)),
    timeout: posture.sentinel.timeout,
    signal,
  });
  const metrics = judge(seen, { posture, publicUrl: url }, Date.now());
  return telegram ? metrics : metrics.filter(({ name }) => !/^(Webhook|Telegram)/.test(name));
}

function openFiles(pid: number | undefined): number | undefined {
  try {
    return pid === undefined ? undefined : readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

/** What the tasks say of themselves: of one that does not answer, nothing. */
export const fromTasks = ({ platform }: Measured): Metric[] =>
  platform
    .tasks()
    .flatMap(({ role, health, state, pid }) =>
      health && state === 'healthy' ? vitals(role, health, openFiles(pid)) : [],
    );

/** What AWS would count. @param errors answers of 5xx since the last time */
export function fromPlatform({ platform }: Measured, errors: number): Metric[] {
  const web = platform.tasks().filter(({ role, state }) => role === 'web' && state !== 'stopped');
  const database = platform.database();
  const metric = (namespace: string, name: string, value: number): Metric => ({
    namespace,
    name,
    value,
    unit: 'Count',
    dimensions: {},
  });
  return [
    ...(web.length === 0
      ? []
      : [
          metric(BALANCER, 'HealthyHostCount', web.filter(({ state }) => state === 'healthy').length),
          metric(BALANCER, 'UnHealthyHostCount', web.filter(({ state }) => state === 'unhealthy').length),
        ]),
    ...(errors > 0 ? [metric(BALANCER, 'HTTPCode_Target_5XX_Count', errors)] : []),
    ...(database.state === 'up' ? [metric(DATABASE, 'DatabaseConnections', database.connections)] : []),
  ];
}
