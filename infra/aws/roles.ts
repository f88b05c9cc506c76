/** IAM roles: each task's two, with no more than what its own work takes. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { unsealing } from './key.ts';

/** A statement of an IAM policy. */
export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: unknown;
  Action: string | string[];
  /** Absent only where a role says who may take it. */
  Resource?: pulumi.Input<string> | pulumi.Input<string>[];
  Condition?: Record<string, Record<string, pulumi.Input<string | string[]>>>;
}

/** A policy document of these statements, as IAM takes it. */
export const policyDocument = (statements: Statement[]): pulumi.Output<string> =>
  pulumi.jsonStringify({ Version: '2012-10-17', Statement: statements });

/** Lets a service of AWS take a role, on behalf of this account alone (no confused deputy). */
export const trust = (service: string, accountId: pulumi.Input<string>): pulumi.Output<string> =>
  policyDocument([
    {
      Effect: 'Allow',
      Principal: { Service: service },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'aws:SourceAccount': accountId } },
    },
  ]);

export interface TaskRolesArgs {
  accountId: pulumi.Input<string>;
  /** Repository that the image is pulled from. */
  repositoryArn: pulumi.Input<string>;
  /** Log group that the task writes to. */
  logGroupArn: pulumi.Input<string>;
  /** Secrets that ECS may read to start this task; no other task's. */
  secretArns: pulumi.Input<string>[];
  /** ARN of the key that encrypts them. Default: AWS's own, which asks for no right. */
  kmsKey: string | undefined;
  /** ARN of the policy that bounds both roles. Default: none. */
  permissionsBoundary: string | undefined;
  /** What the running code may do in AWS. Default: nothing, and the role has no policy at all. */
  allow?: Statement[];
}

/** The execution role, which ECS takes to start a task, and the task role, which the running code has. */
export class TaskRoles extends pulumi.ComponentResource {
  readonly executionRoleArn: pulumi.Output<string>;
  readonly taskRoleArn: pulumi.Output<string>;
  /** Policies that must be attached before a task can start. */
  readonly policies: pulumi.Resource[] = [];

  constructor(name: string, args: TaskRolesArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:TaskRoles', name, {}, options);
    const assumeRolePolicy = trust('ecs-tasks.amazonaws.com', args.accountId);
    const { permissionsBoundary } = args;
    const made = { assumeRolePolicy, ...(permissionsBoundary !== undefined && { permissionsBoundary }) };
    const execution = new aws.iam.Role(`${name}-execution`, made, { parent: this });
    this.policies.push(
      new aws.iam.RolePolicy(
        `${name}-execution`,
        { role: execution.name, policy: policyDocument(toStart(args)) },
        { parent: this },
      ),
    );
    const task = new aws.iam.Role(`${name}-task`, made, { parent: this });
    if (args.allow?.length)
      this.policies.push(
        new aws.iam.RolePolicy(
          `${name}-task`,
          { role: task.name, policy: policyDocument(args.allow) },
          { parent: this },
        ),
      );
    this.executionRoleArn = execution.arn;
    this.taskRoleArn = task.arn;
    this.registerOutputs({});
  }
}

/** Pull the image, write the log, read the secrets. */
const toStart = ({ repositoryArn, logGroupArn, secretArns, kmsKey }: TaskRolesArgs): Statement[] => [
  {
    Sid: 'RegistryLogin',
    Effect: 'Allow',
    Action: 'ecr:GetAuthorizationToken',
    // IAM knows no narrower resource for this action; what the token may pull is the next statement's.
    Resource: '*',
  },
  {
    Sid: 'PullImage',
    Effect: 'Allow',
    Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    Resource: repositoryArn,
  },
  {
    Sid: 'WriteLog',
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: pulumi.interpolate`${logGroupArn}:*`,
  },
  { Sid: 'ReadSecrets', Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: secretArns },
  ...unsealing(kmsKey),
];
