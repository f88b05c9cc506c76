/** The sentinel: the app's own code on a schedule, outside the bot's tasks and network. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { sentinelPeriod } from '../../../posture/alarms/outside.ts';
import { rolesOf } from '../../../posture/limits.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import { taskPosture } from '../task-posture.ts';
import { functionCode } from './bundle.ts';
import { servicesOf } from './names.ts';
import { SmallFunction } from './function.ts';

export interface SentinelArgs {
  functionName: string;
  /** `sentinel.every`, `sentinel.timeout`, and what the webhook is compared with. A look a minute costs under 1 USD a month. */
  posture: Posture;
  /** Value of the dimension Stack of its metrics. */
  stack: string;
  /** Address of the bot; `/health` is asked there with the operator token. */
  publicUrl: pulumi.Input<string>;
  telegramApiRoot: string;
  /** ARN of the policy that bounds its role. Default: none. */
  permissionsBoundary: string | undefined;
  /** ARN of the key that encrypts its secret and its log. Default: AWS's own. */
  kmsKey: string | undefined;
  /** ARN of the secret with BOT_TOKEN and OPERATOR_TOKEN. */
  secretArn: pulumi.Input<string>;
  /** The cluster whose services it counts the tasks of. */
  clusterName: pulumi.Input<string>;
  clusterArn: pulumi.Input<string>;
  /** What must be done before its code, and with it what it expects, changes. */
  after: pulumi.Resource[];
}

/** Seconds beside a look: start of the function, reading the secrets, the heartbeat. */
const START = 15;

export class Sentinel extends pulumi.ComponentResource {
  constructor(name: string, args: SentinelArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Sentinel', name, {}, options);
    const { function: sentinel } = new SmallFunction(
      name,
      {
        functionName: args.functionName,
        description: 'Asks Telegram and the bot how they are, and turns answers and silence into metrics',
        // Beside the code and not in the environment, which holds 4 KB at most.
        code: functionCode('sentinel/lambda.ts', { 'posture.json': taskPosture(args.posture) }),
        secretArns: [args.secretArn],
        environment: {
          STACK: args.stack,
          PUBLIC_URL: args.publicUrl,
          TELEGRAM_API_ROOT: args.telegramApiRoot,
          SECRET_ARN: args.secretArn,
          CLUSTER: args.clusterName,
        },
        allow: [
          {
            Sid: 'CountTasks',
            Effect: 'Allow',
            Action: 'ecs:DescribeServices',
            Resource: rolesOf(args.posture).map((role) => pulumi.interpolate`${servicesOf(args.clusterArn)}/${role}`),
          },
        ],
        timeout: Math.ceil(args.posture.sentinel.timeout / 1000) + START,
        // The next look comes soon enough; a late one would speak of a minute that is over.
        after: args.after,
        retries: 0,
        permissionsBoundary: args.permissionsBoundary,
        kmsKey: args.kmsKey,
        posture: args.posture,
      },
      { parent: this },
    );
    const minutes = sentinelPeriod(args.posture) / 60;
    const rule = new aws.cloudwatch.EventRule(
      name,
      {
        name: args.functionName,
        description: 'When the sentinel looks',
        scheduleExpression: `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`,
      },
      { parent: this },
    );
    const allowed = new aws.lambda.Permission(
      name,
      {
        action: 'lambda:InvokeFunction',
        function: sentinel.name,
        principal: 'events.amazonaws.com',
        sourceArn: rule.arn,
      },
      { parent: this },
    );
    new aws.cloudwatch.EventTarget(
      name,
      {
        rule: rule.name,
        arn: sentinel.arn,
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
      },
      { parent: this, dependsOn: [allowed] },
    );
    this.registerOutputs({});
  }
}
