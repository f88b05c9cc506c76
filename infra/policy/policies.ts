/** Every policy of the pack. */
import type { Policies } from '@pulumi/policy';
import { bucketsPrivate, databasePrivate, databaseRecoverable, encrypted, logsEnd } from './data.ts';
import { leastPrivilege, noAnybody } from './iam.ts';
import { closedPorts, flowLogs, modernTls, onlyBalancersOpen, plainForwarding, privateTasks } from './network.ts';
import { alarmsTell, deploysGuarded, keptFromDeletion, tagged } from './operations.ts';
import { fixedImages, noPlainSecrets, sealedContainers, stopsInTime } from './tasks.ts';

export const policies = [
  encrypted,
  databasePrivate,
  databaseRecoverable,
  bucketsPrivate,
  logsEnd,
  closedPorts,
  onlyBalancersOpen,
  modernTls,
  plainForwarding,
  privateTasks,
  flowLogs,
  leastPrivilege,
  noAnybody,
  stopsInTime,
  noPlainSecrets,
  sealedContainers,
  fixedImages,
  alarmsTell,
  deploysGuarded,
  keptFromDeletion,
  tagged,
] satisfies Policies;
