/** Every alarm that a posture declares. Pure: the cloud creates them, the laptop evaluates them, the laws check them. */
import type { Posture } from '../schema/index.ts';
import type { Alarm } from './alarm.ts';
import { answerAlarms } from './answers.ts';
import { databaseAlarms } from './database.ts';
import { ingressAlarms } from './ingress.ts';
import { moneyAlarms } from './money.ts';
import { outsideAlarms } from './outside.ts';
import { providerAlarms } from './providers.ts';
import { queueAlarms } from './queues.ts';
import { taskAlarms } from './tasks.ts';
import { workAlarms } from './work.ts';

export { detectionTime } from './alarm.ts';
export type { Alarm, Comparison, Dimension, ProviderName, Severity, Statistic } from './alarm.ts';
export { evaluate, type AlarmState } from './evaluate/index.ts';
export * from './metrics.ts';

export const alarms = (posture: Posture): Alarm[] => [
  ...ingressAlarms(posture),
  ...taskAlarms(posture),
  ...databaseAlarms(posture),
  ...outsideAlarms(posture),
  ...queueAlarms(posture),
  ...workAlarms(posture),
  ...answerAlarms(posture),
  ...moneyAlarms(posture),
  ...providerAlarms(posture),
];
