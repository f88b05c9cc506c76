/** Every policy of the pack. */
import type { Policies } from '@pulumi/policy';
import { bucketsPrivate, databasePrivate, databaseRecoverable, encrypted, logsEnd } from './data.ts';
import { leastPrivilege, noAnybody } from './iam.ts';
import { closedPorts, modernTls, onlyBalancersOpen, plainForwarding } from './network.ts';
import { alarmsTell, tagged } from './operations.ts';
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
  leastPrivilege,
  noAnybody,
  stopsInTime,
  noPlainSecrets,
  sealedContainers,
  fixedImages,
  alarmsTell,
  tagged,
] satisfies Policies;
