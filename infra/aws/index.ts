/** The cloud: everything in AWS that the posture asks for, in the order in which it is needed. */
import type * as pulumi from '@pulumi/pulumi';
import { SENTINEL, SENTINEL_METRICS } from '../../posture/alarms/index.ts';
import { sentinelPeriod } from '../../posture/alarms/outside.ts';
import { ofRoles } from '../../posture/limits.ts';
import type { Outputs, Settings } from '../settings.ts';
import { createAlarms, createSentinel, type AlarmsArgs } from './alarms/index.ts';
import { lookAtNetwork } from './foreign-network.ts';
import { BackupCopy, lookAtVault } from './backup-copy.ts';
import { foundation, type Foundation } from './foundation.ts';
import { after } from './claim.ts';
import { keeper } from './keeper.ts';
import { namePrefix } from './names.ts';
import { account, type Account } from './provider.ts';
import { rollout } from './rollout.ts';
import type { QueueAge } from './scaling.ts';
import { declareTasks, type Tasks } from './tasks.ts';

/** @throws {pulumi.RunError} what only AWS could tell, such as a subnet that is in another network; nothing is declared then */
export async function deploy(settings: Settings): Promise<Outputs> {
  const name = namePrefix(settings.project, settings.stack);
  const access = account(settings);
  await lookAtNetwork(settings.posture, access.provider);
  await lookAtVault(settings.posture, access.kmsKey, access.provider);
  const base = foundation(name, settings, access);
  const tasks = declareTasks(name, settings, access, base);
  const watching = { providers: [access.provider], transformations: [after(base.claimed)] };
  const watched = whatIsWatched(settings, access, base, tasks);
  // Before the services: a deploy is taken back by alarms that already watch.
  const alarms = createAlarms(name, watched, watching);
  const copies = copyBackups(name, settings.posture, access, base, alarms.ticketTopicArn, watching);
  const { webhookUrl, webhook, parts } = rollout(name, {
    settings,
    account: access,
    base,
    tasks,
    rollbackAlarms: alarms.rollbackAlarmNames,
    alarms: alarms.rollbackAlarms,
    ages: {
      worker: age(name, settings.posture, 'queueAge', { Queue: 'chat' }),
      media: { ...age(name, settings.posture, 'mediaAge'), idle: SENTINEL_METRICS.mediaBusy },
    },
  });
  const sentinel = createSentinel(name, watched, [webhook], watching);
  keeper(name, settings.posture, [
    ...base.parts,
    ...Object.values(tasks),
    ...alarms.parts,
    ...copies,
    ...parts,
    sentinel,
  ]);
  const { image, ingress, vault } = base;
  return {
    webhookUrl,
    publicUrl: ingress.publicUrl,
    dashboardUrl: alarms.dashboardUrl,
    alarmTopic: alarms.topicArn,
    ticketTopic: alarms.ticketTopicArn,
    clusterName: base.cluster.name,
    ...whereTheDatabaseIs(base),
    repositoryUrl: image.repositoryUrl,
    imageDigest: image.reference.apply((reference) => reference.slice(reference.indexOf('@') + 1)),
    operatorToken: vault.operatorToken,
    proof: [...settings.proof],
  };
}

/** The metric by whose age tasks are added. */
const age = (
  name: string,
  posture: Settings['posture'],
  metric: 'queueAge' | 'mediaAge',
  dimensions: Record<string, string> = {},
): QueueAge => ({
  namespace: SENTINEL,
  name: SENTINEL_METRICS[metric],
  dimensions: { Stack: name, ...dimensions },
  period: sentinelPeriod(posture),
});

function copyBackups(
  name: string,
  { database }: Settings['posture'],
  { kmsKey, permissionsBoundary }: Account,
  { database: { instance }, accountId }: Foundation,
  ticketTopic: pulumi.Input<string>,
  options: pulumi.ComponentResourceOptions,
): BackupCopy[] {
  const { backupCopy: copy } = database;
  if (copy === undefined || instance === undefined) return [];
  const args = { copy, database, instance, accountId, kmsKey, permissionsBoundary, ticketTopic };
  return [new BackupCopy(`${name}-backup-copy`, args, options)];
}

/** Its name in RDS; or, of a server of somebody else, whom it has to let in. */
const whereTheDatabaseIs = ({ database, firewall: { clients, groupIds } }: Foundation): Outputs =>
  database.identifier === undefined
    ? { databaseClients: clients.flatMap((role) => groupIds[role] ?? []) }
    : { databaseName: database.identifier };

/** What alarms and sentinel are told of the stack. */
function whatIsWatched(settings: Settings, access: Account, base: Foundation, tasks: Tasks): AlarmsArgs {
  const { ingress, vault, cluster } = base;
  return {
    posture: settings.posture,
    region: access.region,
    accountId: base.accountId,
    watched: {
      loadBalancer: ingress.loadBalancer.arnSuffix,
      webTargetGroup: ingress.targetGroup.arnSuffix,
      cluster: cluster.name,
      services: ofRoles(settings.posture, (role) => role),
      database: base.database.identifier,
    },
    clusterArn: cluster.arn,
    logGroups: ofRoles(settings.posture, (role) => tasks[role]!.logGroup.name),
    publicUrl: ingress.publicUrl,
    telegramApiRoot: settings.telegramApiRoot,
    permissionsBoundary: access.permissionsBoundary,
    kmsKey: access.kmsKey,
    databaseInstance: base.database.instance,
    secretArns: {
      sentinel: vault.sentinelSecret.arn,
      ...(vault.oncallSecret && { oncall: vault.oncallSecret.arn }),
    },
  };
}
