/** What ECS starts: one container of the bot's image, with the posture in its environment and its secrets by reference. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { LIVE_PATH } from '../../contract/paths.ts';
import { GiB, heapLimit, type OfRoles, type Role } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { CONTAINER_PORT } from './firewall.ts';
import { sealedBy } from './key.ts';
import { logRetentionDays, toMiB, toSeconds } from './names.ts';
import { TaskRoles, type Statement } from './roles.ts';
import type { ManagedSecret } from './secrets.ts';
import { taskPosture } from './task-posture.ts';

/** Tasks of services, and those that run to their end: a migration, a verb of a person's. */
export type TaskRole = Role | 'migrate' | 'ops';
/** Something of each task that there is. */
export type OfTasks<T> = OfRoles<T> & Record<'migrate' | 'ops', T>;

const isService = (role: TaskRole): role is Role => role !== 'migrate' && role !== 'ops';

/** A task that runs to its end is small: it has one connection, or two. */
const ONE_OFF_SIZE = { cpu: 256, memory: 512 * 2 ** 20, nofile: 1024, stopTimeout: 30_000, heap: 256 } as const;

/** Limits of a container health check (ECS, HealthCheck): interval 5–300s, timeout 2–120s, start period 0–300s. */
const HEALTH = { leastTimeout: 5_000, longestStart: 300_000 } as const;

export interface TaskArgs {
  role: TaskRole;
  /**
   * Size, stop timeout, open files, and the environment. One vCPU costs about 0.047 USD an hour, one GB of memory
   * 0.0051 USD (x86, Frankfurt): the shipped web task about 10 USD a month, the worker task about 21 USD.
   */
  posture: Posture;
  region: string;
  accountId: pulumi.Input<string>;
  /** `repository@sha256:…` */
  image: pulumi.Input<string>;
  repositoryArn: pulumi.Input<string>;
  architecture: 'amd64' | 'arm64';
  /** Environment that is no secret. */
  environment: Record<string, pulumi.Input<string>>;
  /** Environment by reference: resolved by ECS when it starts the task, never in the task definition. */
  secrets: ManagedSecret;
  /** ARN of the policy that bounds the task's roles. Default: none. */
  permissionsBoundary: string | undefined;
  /** ARN of the key that encrypts its secrets and its log. Default: AWS's own. */
  kmsKey: string | undefined;
  /** What the running code may do in AWS. Default: nothing. */
  allow?: Statement[];
  /** What whoever starts the task by hand has to know beside the definition. Default: nothing. */
  labels?: Record<string, pulumi.Input<string>>;
}

export class Task extends pulumi.ComponentResource {
  readonly definition: aws.ecs.TaskDefinition;
  readonly containerName: TaskRole;
  readonly logGroup: aws.cloudwatch.LogGroup;
  /** What must exist before ECS can start the task. */
  readonly prerequisites: pulumi.Resource[];

  constructor(name: string, args: TaskArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Task', name, {}, options);
    this.containerName = args.role;
    this.logGroup = new aws.cloudwatch.LogGroup(
      name,
      {
        name: `/evenkeel/${name}`,
        retentionInDays: logRetentionDays(args.posture.oncall.logRetention),
        ...sealedBy(args.kmsKey),
      },
      { parent: this },
    );
    const roles = new TaskRoles(
      name,
      {
        accountId: args.accountId,
        repositoryArn: args.repositoryArn,
        logGroupArn: this.logGroup.arn,
        secretArns: [args.secrets.arn],
        permissionsBoundary: args.permissionsBoundary,
        kmsKey: args.kmsKey,
        ...(args.allow && { allow: args.allow }),
      },
      { parent: this },
    );
    this.prerequisites = [...roles.policies, args.secrets.version];
    this.definition = this.#define(name, args, roles);
    this.registerOutputs({ arn: this.definition.arn });
  }

  #define(name: string, args: TaskArgs, roles: TaskRoles): aws.ecs.TaskDefinition {
    const size = isService(args.role) ? args.posture[args.role] : ONE_OFF_SIZE;
    return new aws.ecs.TaskDefinition(
      name,
      {
        family: name,
        requiresCompatibilities: ['FARGATE'],
        networkMode: 'awsvpc',
        cpu: String(size.cpu),
        memory: String(toMiB(size.memory)),
        runtimePlatform: {
          operatingSystemFamily: 'LINUX',
          cpuArchitecture: args.architecture === 'arm64' ? 'ARM64' : 'X86_64',
        },
        executionRoleArn: roles.executionRoleArn,
        taskRoleArn: roles.taskRoleArn,
        // The only path that a task may write to, gone with the task: diagnostic reports, temporary files.
        volumes: [{ name: 'tmp' }],
        // Files that are under way lie there too. 0.0001 USD an hour for each GiB beyond the 20 that every task has.
        ...(args.role === 'media' && { ephemeralStorage: { sizeInGib: Math.ceil(args.posture.media.disk / GiB) } }),
        containerDefinitions: pulumi.jsonStringify([this.#container(args)]),
        // The revision before stays registered: a rollback needs it.
        skipDestroy: true,
      },
      { parent: this, dependsOn: this.prerequisites },
    );
  }

  #container(args: TaskArgs): unknown {
    const { role, posture } = args;
    const size = isService(role) ? posture[role] : ONE_OFF_SIZE;
    const heap = isService(role) ? toMiB(heapLimit(posture, role)) : ONE_OFF_SIZE.heap;
    const environment = {
      ...args.environment,
      NODE_OPTIONS: `--max-old-space-size=${heap}`,
      POSTURE: taskPosture(posture),
      POSTURE_PROVEN: 'true',
    };
    return {
      name: role,
      image: args.image,
      command: [role],
      essential: true,
      environment: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
      secrets: Object.entries(args.secrets.valueFrom).map(([key, valueFrom]) => ({ name: key, valueFrom })),
      readonlyRootFilesystem: true,
      mountPoints: [{ sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false }],
      // An init is process 1 and passes signals on: a SIGTERM in Node's first moments, before it can listen, ends it there
      // and then, with nothing in hand; as process 1 it would not hear it and would run on until SIGKILL (reload-in-prod).
      linuxParameters: { capabilities: { drop: ['ALL'] }, initProcessEnabled: true },
      ulimits: [{ name: 'nofile', softLimit: size.nofile, hardLimit: size.nofile }],
      stopTimeout: toSeconds(size.stopTimeout),
      logConfiguration: {
        logDriver: 'awslogs',
        options: {
          'awslogs-group': this.logGroup.name,
          'awslogs-region': args.region,
          'awslogs-stream-prefix': 'task',
          // A log that is slow to be taken must not stop the event loop (fault passive-watchdog).
          mode: 'non-blocking',
          'max-buffer-size': '8m',
        },
      },
      ...(args.labels && { dockerLabels: args.labels }),
      ...(isService(role) && {
        portMappings: [{ containerPort: CONTAINER_PORT, hostPort: CONTAINER_PORT, protocol: 'tcp' }],
        healthCheck: liveness(posture),
      }),
    };
  }
}

/** Asks the process itself, never the database: an outage there must not end every task (fault slow-start). */
function liveness({ ingress: { healthCheck }, rollout }: Posture): unknown {
  const timeout = Math.max(HEALTH.leastTimeout, healthCheck.timeout);
  const ask = `fetch('http://127.0.0.1:${CONTAINER_PORT}${LIVE_PATH}',{signal:AbortSignal.timeout(${timeout - 1000})}).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))`;
  return {
    // Without the heap options of the process that it asks: this one is gone after one request.
    command: ['CMD', 'env', '-u', 'NODE_OPTIONS', 'node', '-e', ask],
    interval: Math.max(toSeconds(healthCheck.interval), toSeconds(timeout)),
    timeout: toSeconds(timeout),
    retries: healthCheck.unhealthy,
    startPeriod: toSeconds(Math.min(HEALTH.longestStart, rollout.healthGrace)),
  };
}
