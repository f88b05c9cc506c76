/** What a task says of itself once a minute, as metrics in its log: the part that cannot be seen from outside. */
import { readdirSync } from 'node:fs';
import { vitalSigns } from '../../contract/health.ts';
import { embeddedMetrics, type Metric } from '../../contract/metric.ts';
import { TASK, TASK_METRICS, TASK_METRICS_EVERY } from '../../posture/alarms/index.ts';
import { silentAtZero } from '../../posture/alarms/silent.ts';
import type { Posture } from '../../posture/schema/index.ts';
import type { Logger } from '../log.ts';
import { startLoop } from '../loop.ts';

const BREAKER = { closed: 0, 'half-open': 0.5, open: 1 } as const;

/** Metrics of a task. Pure. `openFiles` is undefined where the system cannot tell. */
export function vitals(role: string, health: unknown, openFiles: number | undefined): Metric[] {
  const { listener, leases, lineage, disk, callbacks, money, providers = {} } = vitalSigns.parse(health);
  const own = (name: keyof typeof TASK_METRICS, value: number, dimensions: Record<string, string>): Metric => ({
    namespace: TASK,
    name: TASK_METRICS[name],
    value,
    unit: 'Count',
    dimensions,
  });
  return [
    own('heartbeat', 1, { Role: role }),
    ...(openFiles === undefined ? [] : [own('openFiles', openFiles, { Role: role })]),
    ...(listener ? [own('listenerDown', listener.connected === 1 ? 0 : 1, { Role: role })] : []),
    ...(leases ? [own('lanesLost', leases.lost, { Role: role })] : []),
    ...(lineage ? [own('held', lineage.held, {})] : []),
    ...(disk
      ? [{ ...own('diskUsed', Math.round((disk.used / disk.size) * 100), { Role: role }), unit: 'Percent' as const }]
      : []),
    ...(callbacks
      ? [
          own(
            'callbacksForged',
            Object.values(callbacks).reduce((sum, { forgedLately }) => sum + forgedLately, 0),
            {},
          ),
        ]
      : []),
    ...(money
      ? [
          own('paymentsUncredited', money.uncredited, {}),
          own('paymentsParked', money.parked, {}),
          own('refundsStuck', money.refundsStuck, {}),
          { ...own('reconciledSeconds', money.reconciledSeconds, {}), unit: 'Seconds' as const },
          own('moneyMismatches', money.mismatches, {}),
          own('paymentsTakenBack', money.takenBack, {}),
        ]
      : []),
    ...Object.entries(providers).flatMap(([provider, { breaker, balanceEmpty }]) => [
      own('breakerOpen', BREAKER[breaker], { Provider: provider }),
      ...(balanceEmpty === undefined ? [] : [own('balanceEmpty', balanceEmpty, { Provider: provider })]),
    ]),
  ];
}

/** Files and sockets that this process has open; undefined where there is no /proc. */
export function countOpenFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

interface VitalsOptions {
  /** Name of the stack, a dimension of every metric. */
  stack: string;
  role: string;
  /** Its alarms say which zeros nobody has to be told. */
  posture: Posture;
  /** The role's health details, as its health page has them. Does not touch the database. */
  details: () => unknown;
  log: Logger;
  /** Default: standard output. */
  write?: (line: string) => void;
  /** Default: once a minute. */
  every?: number;
}

const toStdout = (line: string): boolean => process.stdout.write(`${line}\n`);

/** Emits the task's metrics until it is stopped. */
export function startVitals({
  stack,
  role,
  posture,
  details: read,
  log,
  write = toStdout,
  every = TASK_METRICS_EVERY,
}: VitalsOptions): { stop(): Promise<void> } {
  const silent = silentAtZero(posture);
  return startLoop({
    name: 'vitals',
    every,
    log,
    turn: async () => {
      for (const line of embeddedMetrics(vitals(role, read(), countOpenFiles()), stack, Date.now(), silent))
        write(line);
    },
  });
}
