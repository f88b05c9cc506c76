/** A small Lambda function with a role of its own and a log that ends. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Posture } from '../../../posture/schema/index.ts';
import { sealedBy, unsealing } from '../key.ts';
import { logRetentionDays } from '../names.ts';
import { policyDocument, type Statement } from '../roles.ts';

export interface FunctionArgs {
  /** Name of the function; plain, since alarms and people go by it. */
  functionName: string;
  description: string;
  code: pulumi.asset.AssetArchive;
  /** Secrets whose ARNs the code gets; it may read these and no others. */
  secretArns: pulumi.Input<string>[];
  environment: Record<string, pulumi.Input<string>>;
  /** What the code may do beside writing its log and reading its secrets. Default: nothing. */
  allow?: Statement[];
  /** ARN of the policy that bounds its role. Default: none. */
  permissionsBoundary: string | undefined;
  /** ARN of the key that encrypts its secrets and its log. Default: AWS's own. */
  kmsKey: string | undefined;
  /** What must be done before the code changes. Default: nothing. */
  after?: pulumi.Resource[];
  /** Longest run, seconds. */
  timeout: number;
  /** Repeats of a run that failed. */
  retries: 0 | 1 | 2;
  /** `oncall.logRetention`. */
  posture: Posture;
}

/** MiB. CPU goes with memory: with 256 a run costs what it costs with 128, and takes half the time. */
const MEMORY = 256;

/** Without a condition on the account: Lambda names none when it takes a role (developer guide, "Execution role"). */
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

/** Outside the bot's network, so that what takes the network away does not take the function along. */
export class SmallFunction extends pulumi.ComponentResource {
  readonly function: aws.lambda.Function;
  readonly logGroup: aws.cloudwatch.LogGroup;

  constructor(name: string, args: FunctionArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:SmallFunction', name, {}, options);
    const own = { parent: this };
    this.logGroup = new aws.cloudwatch.LogGroup(
      name,
      {
        name: `/aws/lambda/${args.functionName}`,
        retentionInDays: logRetentionDays(args.posture.oncall.logRetention),
        ...sealedBy(args.kmsKey),
      },
      own,
    );
    const { permissionsBoundary } = args;
    const role = new aws.iam.Role(
      name,
      { assumeRolePolicy: TRUST, ...(permissionsBoundary !== undefined && { permissionsBoundary }) },
      own,
    );
    const policy = new aws.iam.RolePolicy(name, { role: role.name, policy: this.#rights(args) }, own);
    this.function = new aws.lambda.Function(
      name,
      {
        name: args.functionName,
        description: args.description,
        runtime: 'nodejs24.x',
        architectures: ['arm64'],
        handler: 'index.handler',
        code: args.code,
        role: role.arn,
        memorySize: MEMORY,
        timeout: args.timeout,
        environment: { variables: args.environment },
        // Text: the metrics are lines of the code's own, which JSON logging would wrap.
        loggingConfig: { logFormat: 'Text', logGroup: this.logGroup.name },
      },
      { parent: this, dependsOn: [policy, ...(args.after ?? [])] },
    );
    new aws.lambda.FunctionEventInvokeConfig(
      name,
      { functionName: this.function.name, maximumRetryAttempts: args.retries },
      own,
    );
    this.registerOutputs({});
  }

  #rights({ secretArns, kmsKey, allow = [] }: FunctionArgs): pulumi.Output<string> {
    return policyDocument([
      {
        Sid: 'WriteLog',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: pulumi.interpolate`${this.logGroup.arn}:*`,
      },
      { Sid: 'ReadSecrets', Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: secretArns },
      ...unsealing(kmsKey),
      ...allow,
    ]);
  }
}
