/** Everything that notices and tells: topics, alarms, notices, relay, dashboard; and the sentinel, after the webhook. */
import * as pulumi from '@pulumi/pulumi';
import { alarms } from '../../../posture/alarms/index.ts';
import type { OfRoles } from '../../../posture/limits.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import { refusal } from '../../refuse.ts';
import { Dashboard } from './dashboard.ts';
import { LogMetrics } from './log-metrics.ts';
import { MetricAlarms } from './metric-alarms.ts';
import type { Watched } from './metric.ts';
import { rollbackAlarmNames } from './names.ts';
import { Notices } from './notices.ts';
import { Relay, type RelayArgs } from './relay.ts';
import { Sentinel } from './sentinel.ts';
import { Slack } from './slack.ts';
import { Topics } from './topics.ts';

export { rollbackAlarmNames } from './names.ts';

export interface AlarmsArgs {
  posture: Posture;
  region: string;
  accountId: pulumi.Input<string>;
  /**
   * Names of what is watched. None may be an output of a service, or a service could not name the alarms that take its
   * deploy back: they must exist before it.
   */
  watched: Omit<Watched, 'stack' | 'relay'>;
  clusterArn: pulumi.Input<string>;
  /** Names of the tasks' log groups. */
  logGroups: OfRoles<pulumi.Input<string>>;
  /** Address of the bot, for the sentinel. */
  publicUrl: pulumi.Input<string>;
  /** Root of the Bot API, for sentinel and relay. */
  telegramApiRoot: string;
  /** ARN of the policy that bounds the functions' roles. Default: none. */
  permissionsBoundary?: string | undefined;
  /** ARN of the key that encrypts topics, secrets and logs. Default: AWS's own, and one that is made for the topics. */
  kmsKey?: string | undefined;
  /** The database itself, which RDS wants to see before it takes a subscription to its events. */
  databaseInstance?: pulumi.Resource | undefined;
  secretArns: {
    /** BOT_TOKEN and OPERATOR_TOKEN. */
    sentinel: pulumi.Input<string>;
    /** ONCALL_TOKEN, of another bot than the bot's own. Wanted where `oncall.telegramChat` is set. */
    oncall?: pulumi.Input<string>;
  };
}

export interface Alarms {
  /** Topic of the pages. */
  topicArn: pulumi.Output<string>;
  ticketTopicArn: pulumi.Output<string>;
  dashboardUrl: string;
  /** Plain names, by role, for `alarms` of an ECS service. */
  rollbackAlarmNames: OfRoles<string[]>;
  /** The alarms of those names: what a service must wait for. */
  rollbackAlarms: pulumi.Resource[];
  /** All of it. */
  parts: pulumi.Resource[];
}

/**
 * Declares all that notices and tells. With the posture as shipped about 14 USD a month: an alarm costs 0.10, each of
 * the two composite ones 0.50, the key 1, a metric of sentinel and tasks 0.30; which is most of it.
 *
 * @param name prefix of everything in the stack; also the dimension Stack of the metrics that sentinel and tasks emit
 * @throws {pulumi.RunError} for an on-call chat without a token
 */
export function createAlarms(name: string, args: AlarmsArgs, options: pulumi.ComponentResourceOptions = {}): Alarms {
  const { posture } = args;
  const relayed = relayArgs(args);
  const watched: Watched = { ...args.watched, stack: name, relay: `${name}-relay` };
  const topics = new Topics(name, { posture, accountId: args.accountId, kmsKey: args.kmsKey }, options);
  const made = new MetricAlarms(name, { prefix: name, posture, watched, topics: topics.arns }, options);
  const logMetrics = new LogMetrics(name, { logGroups: args.logGroups, stack: name }, options);
  const notices = new Notices(
    name,
    {
      database: watched.database,
      databaseInstance: args.databaseInstance,
      clusterArn: args.clusterArn,
      topics: topics.arns,
      dependsOn: topics.policies,
    },
    options,
  );
  const parts: pulumi.Resource[] = [topics, made, logMetrics, notices];
  if (posture.oncall.slack) {
    const { permissionsBoundary } = args;
    const channels = { slack: posture.oncall.slack, topics: topics.arns, permissionsBoundary };
    parts.push(new Slack(`${name}-slack`, channels, options));
  }
  if (relayed) {
    const { telegramApiRoot, permissionsBoundary, kmsKey } = args;
    const topicArn = topics.arns.page;
    const relay = new Relay(
      watched.relay,
      { functionName: watched.relay, posture, telegramApiRoot, permissionsBoundary, kmsKey, topicArn, ...relayed },
      options,
    );
    parts.push(relay);
  }
  const alarmArns = Object.fromEntries(Object.entries(made.alarms).map(([id, { arn }]) => [id, arn]));
  const dashboard = new Dashboard(
    name,
    { dashboardName: name, posture, watched, region: args.region, alarmArns },
    options,
  );
  const rollback = alarms(posture).filter((alarm) => alarm.rollback.length > 0);
  return {
    topicArn: topics.arns.page,
    ticketTopicArn: topics.arns.ticket,
    dashboardUrl: dashboard.url,
    rollbackAlarmNames: rollbackAlarmNames(name, posture),
    rollbackAlarms: rollback.map(({ id }) => made.alarms[id]!),
    parts: [...parts, dashboard],
  };
}

/**
 * Declares the sentinel, which compares what Telegram has with the posture: after what sets it. Told of a new webhook
 * before the webhook is, it would page in every deploy that changes one.
 *
 * @param after what must be done before it is told
 */
export function createSentinel(
  name: string,
  args: AlarmsArgs,
  after: pulumi.Resource[],
  options: pulumi.ComponentResourceOptions = {},
): pulumi.Resource {
  return new Sentinel(
    `${name}-sentinel`,
    {
      functionName: `${name}-sentinel`,
      posture: args.posture,
      stack: name,
      publicUrl: args.publicUrl,
      telegramApiRoot: args.telegramApiRoot,
      permissionsBoundary: args.permissionsBoundary,
      kmsKey: args.kmsKey,
      secretArn: args.secretArns.sentinel,
      clusterName: args.watched.cluster,
      clusterArn: args.clusterArn,
      after,
    },
    options,
  );
}

/** What the relay needs, or undefined where the posture wants none. Checked before anything is declared. */
function relayArgs({ posture, secretArns }: AlarmsArgs): Pick<RelayArgs, 'chat' | 'tokenSecretArn'> | undefined {
  const chat = posture.oncall.telegramChat;
  const tokenSecretArn = secretArns.oncall;
  if (chat === undefined) return undefined;
  if (tokenSecretArn === undefined)
    throw refusal(
      'evenkeel:oncallBotToken is not set, but oncall.telegramChat is: pulumi config set --secret evenkeel:oncallBotToken <token of a second bot>, or remove oncall.telegramChat',
    );
  return { chat, tokenSecretArn };
}
