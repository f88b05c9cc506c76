/** The relay of pages to the on-call chat. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Posture } from '../../../posture/schema/index.ts';
import { functionCode } from './bundle.ts';
import { SmallFunction } from './function.ts';

export interface RelayArgs {
  functionName: string;
  posture: Posture;
  /** Chat that gets pages. */
  chat: string;
  /** ARN of the secret with ONCALL_TOKEN, of another bot than the bot's own. */
  tokenSecretArn: pulumi.Input<string>;
  telegramApiRoot: string;
  /** ARN of the policy that bounds its role. Default: none. */
  permissionsBoundary: string | undefined;
  /** ARN of the key that encrypts its secret and its log. Default: AWS's own. */
  kmsKey: string | undefined;
  /** Topic of the pages. */
  topicArn: pulumi.Input<string>;
}

/** Longest run, seconds: three messages that each wait for their deadline. */
const TIMEOUT = 30;

export class Relay extends pulumi.ComponentResource {
  constructor(name: string, args: RelayArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Relay', name, {}, options);
    const { function: relay } = new SmallFunction(
      name,
      {
        functionName: args.functionName,
        description: 'Passes pages on to the on-call chat',
        code: functionCode('infra/aws/alarms/relay/lambda.ts'),
        secretArns: [args.tokenSecretArn],
        environment: {
          SECRET_ARN: args.tokenSecretArn,
          ONCALL_CHAT: args.chat,
          TELEGRAM_API_ROOT: args.telegramApiRoot,
        },
        timeout: TIMEOUT,
        retries: 2,
        permissionsBoundary: args.permissionsBoundary,
        kmsKey: args.kmsKey,
        posture: args.posture,
      },
      { parent: this },
    );
    const allowed = new aws.lambda.Permission(
      name,
      {
        action: 'lambda:InvokeFunction',
        function: relay.name,
        principal: 'sns.amazonaws.com',
        sourceArn: args.topicArn,
      },
      { parent: this },
    );
    new aws.sns.TopicSubscription(
      name,
      { topic: args.topicArn, protocol: 'lambda', endpoint: relay.arn },
      { parent: this, dependsOn: [allowed] },
    );
    this.registerOutputs({});
  }
}
