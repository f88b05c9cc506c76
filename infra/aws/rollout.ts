/** The deploy, in its order: migrate, roll the services, see that they stayed, scale, and point Telegram at the bot. */
import * as pulumi from '@pulumi/pulumi';
import { WEBHOOK_PATH } from '../../contract/paths.ts';
import { alarms } from '../../posture/alarms/index.ts';
import { menus } from '../../posture/commands.ts';
import { jobRolesOf, ofRoles, type JobRole, type OfRoles, type Role } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import type { Settings } from '../settings.ts';
import { Commands } from './commands.ts';
import type { Foundation } from './foundation.ts';
import { Guard } from './guard.ts';
import { Migrate } from './migrate.ts';
import type { Account } from './provider.ts';
import { Scaling, type QueueAge } from './scaling.ts';
import { Service } from './service.ts';
import { taskPosture } from './task-posture.ts';
import type { Tasks } from './tasks.ts';
import { Webhook } from './webhook.ts';

/** Longest migration, ms: beyond it the task is stopped, and `up` fails. */
const MIGRATION_TIMEOUT = 30 * 60_000;
/** What the guard waits beyond the time for which ECS watches alarms, ms. */
const GUARD_MARGIN = 5 * 60_000;
const POLL = 3_000;
/** How long a new name or a new distribution may take to be known, ms. */
const WEBHOOK_PATIENCE = 5 * 60_000;

export interface RolloutArgs {
  settings: Settings;
  account: Account;
  base: Foundation;
  tasks: Tasks;
  /** Names of the alarms that take a deploy of a role back. */
  rollbackAlarms: OfRoles<readonly string[]>;
  /** Those alarms: they must exist before a service is deployed. */
  alarms: pulumi.Resource[];
  /** The metrics by whose age tasks are added to those that run jobs. */
  ages: Record<JobRole, QueueAge>;
}

export interface Rollout {
  webhookUrl: pulumi.Output<string>;
  webhook: Webhook;
  services: OfRoles<Service>;
  /** All of it. */
  parts: pulumi.Resource[];
}

export function rollout(name: string, args: RolloutArgs): Rollout {
  const migration = migrate(name, args);
  const services = ofRoles(args.settings.posture, (role) => serve(name, role, args, migration));
  const each = Object.values<Service>(services);
  const guards = each.map((service) => watch(name, service, args));
  const scaling = scale(name, services, args);

  const webhookUrl = pulumi.interpolate`${args.base.ingress.publicUrl}${WEBHOOK_PATH}`;
  const { posture, telegramApiRoot } = args.settings;
  const webhook = new Webhook(
    `${name}-webhook`,
    {
      apiRoot: telegramApiRoot,
      token: args.base.vault.botToken,
      secret: args.base.vault.webhookSecret,
      url: webhookUrl,
      maxConnections: posture.telegram.maxConnections,
      allowedUpdates: posture.telegram.allowedUpdates,
      patience: WEBHOOK_PATIENCE,
    },
    { dependsOn: [...guards, ...args.base.ingress.entrance] },
  );
  // Who answers them runs by now.
  const commands = new Commands(
    `${name}-commands`,
    { apiRoot: telegramApiRoot, token: args.base.vault.botToken, menus: menus(posture) },
    { dependsOn: guards },
  );
  const parts = [migration, ...each, ...guards, ...scaling, webhook, commands];
  return { webhookUrl, webhook, services, parts };
}

function migrate(name: string, { settings, account, base, tasks }: RolloutArgs): Migrate {
  const { network, firewall, database } = base;
  return new Migrate(
    `${name}-migrate`,
    {
      ...account.access,
      cluster: base.cluster.arn,
      taskDefinition: tasks.migrate.definition.arn,
      containerName: tasks.migrate.containerName,
      subnets: pulumi.all(network.taskSubnetIds),
      securityGroups: [firewall.groupIds.migrate],
      assignPublicIp: network.assignPublicIp,
      logGroup: tasks.migrate.logGroup.name,
      timeout: MIGRATION_TIMEOUT,
      poll: POLL,
      // Whatever the result depends on: another schema, other passwords, another server, and the posture, from which the
      // migration sets role limits, the queues' heartbeat, expiry and retention. All of it: a task that believes in
      // another heartbeat than its queue has would lose its lanes.
      triggers: {
        image: base.image.reference,
        posture: taskPosture(settings.posture),
        server: database.instance?.resourceId ?? 'own',
        // A rotated password is one that the database must be told.
        secrets: base.vault.of.migrate.versionId,
      },
    },
    { dependsOn: [...tasks.migrate.prerequisites, ...network.routes, ...firewall.rules] },
  );
}

function serve(name: string, role: Role, args: RolloutArgs, migration: Migrate): Service {
  const { settings, base, tasks } = args;
  return new Service(
    `${name}-${role}`,
    {
      role,
      posture: settings.posture,
      clusterArn: base.cluster.arn,
      network: base.network,
      securityGroupId: base.firewall.groupIds[role]!,
      task: tasks[role]!,
      ...(role === 'web' && { targetGroupArn: base.ingress.targetGroup.arn }),
      rollbackAlarms: args.rollbackAlarms[role] ?? [],
      after: [migration, ...args.alarms, ...base.firewall.rules, ...(role === 'web' ? base.ingress.rules : [])],
    },
    { providers: [args.account.provider] },
  );
}

/**
 * Longest wait of the guard, ms. ECS watches the alarms for a while after the new tasks run, calculated from their
 * periods by a formula that it does not tell ("bake time"): twice the longest alarm, and a margin.
 */
export function guardTimeout(posture: Posture, role: Role): number {
  const watched = alarms(posture).filter(({ rollback }) => rollback.includes(role));
  return 2 * Math.max(0, ...watched.map(({ period, periods }) => period * periods * 1000)) + GUARD_MARGIN;
}

function watch(name: string, { role, service }: Service, { settings, account, base, tasks }: RolloutArgs): Guard {
  return new Guard(
    `${name}-${role}-guard`,
    {
      ...account.access,
      cluster: base.cluster.arn,
      service: role,
      wanted: tasks[role]!.definition.arn,
      timeout: guardTimeout(settings.posture, role),
      poll: POLL,
    },
    { dependsOn: [service] },
  );
}

function scale(name: string, services: Rollout['services'], args: RolloutArgs): Scaling[] {
  const { ingress } = args.base;
  const common = { posture: args.settings.posture, cluster: name };
  const options = (service: Service) => ({ providers: [args.account.provider], dependsOn: [service.service] });
  const web = new Scaling(
    `${name}-web-scaling`,
    {
      ...common,
      role: 'web',
      requests: pulumi.interpolate`${ingress.loadBalancer.arnSuffix}/${ingress.targetGroup.arnSuffix}`,
    },
    options(services.web),
  );
  const byAge = jobRolesOf(args.settings.posture).map(
    (role) =>
      new Scaling(`${name}-${role}-scaling`, { ...common, role, queueAge: args.ages[role] }, options(services[role]!)),
  );
  return [web, ...byAge];
}
