/** Alarms in Slack, brought there by AWS itself (Amazon Q Developer in chat applications, formerly AWS Chatbot). */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Severity } from '../../../posture/alarms/index.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import { policyDocument } from '../roles.ts';

export interface SlackArgs {
  /** `oncall.slack`. AWS must have been let into the workspace once, by a person, in its console. */
  slack: NonNullable<Posture['oncall']['slack']>;
  topics: Record<Severity, pulumi.Input<string>>;
  /** ARN of the policy that bounds its role. Default: none. */
  permissionsBoundary: string | undefined;
}

/** The service is the whole world's, and its interface is in four regions; the topics may be in any. */
const REGION = 'us-east-2';

/**
 * The most that somebody in the channel could be allowed. Named, since without one AWS takes AdministratorAccess; the
 * role itself allows nothing at all.
 */
const GUARDRAIL = 'arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess';

export class Slack extends pulumi.ComponentResource {
  constructor(name: string, args: SlackArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Slack', name, {}, options);
    const { slack, topics, permissionsBoundary } = args;
    const role = new aws.iam.Role(
      name,
      {
        description: 'Of who reads alarms in Slack: may do nothing',
        assumeRolePolicy: policyDocument([
          { Effect: 'Allow', Principal: { Service: 'chatbot.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ]),
        ...(permissionsBoundary !== undefined && { permissionsBoundary }),
      },
      { parent: this },
    );
    for (const { channel, tells } of channels(slack))
      new aws.chatbot.SlackChannelConfiguration(
        `${name}-${tells.join('-')}`,
        {
          region: REGION,
          configurationName: `${name}-${tells.join('-')}`,
          slackTeamId: slack.team,
          slackChannelId: channel,
          iamRoleArn: role.arn,
          guardrailPolicyArns: [GUARDRAIL],
          snsTopicArns: tells.map((severity) => topics[severity]),
          loggingLevel: 'ERROR',
        },
        // A channel has one configuration in an account.
        { parent: this, deleteBeforeReplace: true },
      );
    this.registerOutputs({});
  }
}

interface Channel {
  channel: string;
  tells: Severity[];
}

/** One channel for both has one configuration with both topics. */
function channels({ page, ticket }: SlackArgs['slack']): Channel[] {
  if (page !== undefined && page === ticket) return [{ channel: page, tells: ['page', 'ticket'] }];
  return [
    ...(page === undefined ? [] : [{ channel: page, tells: ['page' as const] }]),
    ...(ticket === undefined ? [] : [{ channel: ticket, tells: ['ticket' as const] }]),
  ];
}
