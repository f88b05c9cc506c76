/** An ECS service of one role: how many tasks run, how they are replaced, and when a deploy is taken back. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Role } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { CONTAINER_PORT } from './firewall.ts';
import { toMinutes, toSeconds } from './names.ts';
import type { Surroundings } from './network.ts';
import type { Task } from './task.ts';

export interface ServiceArgs {
  role: Role;
  /** `tasks`, `rollout`: `surge` (default 200 %), `minimumHealthy` (default 100 %), `healthGrace`, `rollbackWithin`. */
  posture: Posture;
  clusterArn: pulumi.Input<string>;
  network: Surroundings;
  securityGroupId: pulumi.Input<string>;
  task: Task;
  /** Target group that the tasks are registered with. Default: none, as for the worker. */
  targetGroupArn?: pulumi.Input<string>;
  /** What must be done before a task of the new kind is started: the migration, the alarms, the rules of the balancer. */
  after: pulumi.Resource[];
  /** Names of the alarms that take a deploy back when they go off during it. Default: none. */
  rollbackAlarms: readonly string[];
}

export class Service extends pulumi.ComponentResource {
  readonly service: aws.ecs.Service;
  readonly role: Role;

  constructor(name: string, args: ServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Service', name, {}, options);
    const { role, posture, network } = args;
    const { rollout } = posture;
    const dependsOn = [...args.task.prerequisites, ...network.routes, ...args.after];
    this.role = role;
    this.service = new aws.ecs.Service(
      name,
      {
        // Plain, so that alarms know it before the service exists.
        name: role,
        cluster: args.clusterArn,
        taskDefinition: args.task.definition.arn,
        desiredCount: posture[role].tasks.min,
        launchType: 'FARGATE',
        platformVersion: 'LATEST',
        propagateTags: 'SERVICE',
        enableEcsManagedTags: true,
        enableExecuteCommand: false,
        networkConfiguration: {
          subnets: network.taskSubnetIds,
          securityGroups: [args.securityGroupId],
          assignPublicIp: network.assignPublicIp,
        },
        ...(args.targetGroupArn !== undefined && {
          loadBalancers: [
            {
              targetGroupArn: args.targetGroupArn,
              containerName: args.task.containerName,
              containerPort: CONTAINER_PORT,
            },
          ],
          healthCheckGracePeriodSeconds: toSeconds(rollout.healthGrace),
        }),

        deploymentMaximumPercent: Math.round(rollout.surge * 100),
        deploymentMinimumHealthyPercent: Math.round(rollout.minimumHealthy * 100),
        deploymentCircuitBreaker: { enable: true, rollback: true },
        ...(args.rollbackAlarms.length > 0 && {
          alarms: { alarmNames: [...args.rollbackAlarms], enable: true, rollback: true },
        }),
        // Moves tasks back after a lost zone; ECS takes it only where a deploy may exceed the desired count.
        availabilityZoneRebalancing: rollout.surge > 1 ? 'ENABLED' : 'DISABLED',
        waitForSteadyState: true,
      },
      {
        parent: this,
        dependsOn,
        // Autoscaling moves the count; a deploy must not take its tasks away (fault reload-in-prod).
        ignoreChanges: ['desiredCount'],
        // A rollout at its worst, and its rollback, end before `up` gives up; the guard then says which it was.
        customTimeouts: timeouts(rollout.rollbackWithin * 2),
      },
    );
    this.registerOutputs({});
  }
}

function timeouts(milliseconds: number): pulumi.CustomTimeouts {
  const minutes = `${Math.max(20, toMinutes(milliseconds))}m`;
  return { create: minutes, update: minutes, delete: minutes };
}
