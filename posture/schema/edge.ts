/** What stands between Telegram and the tasks: the webhook, the load balancer, the network. */
import { z } from 'zod';
import { count, duration } from '../units.ts';

/** Update types of Bot API 10 that a webhook may ask for. */
export const UPDATE_TYPES = [
  'message',
  'edited_message',
  'channel_post',
  'edited_channel_post',
  'business_connection',
  'business_message',
  'edited_business_message',
  'deleted_business_messages',
  'message_reaction',
  'message_reaction_count',
  'inline_query',
  'chosen_inline_result',
  'callback_query',
  'shipping_query',
  'pre_checkout_query',
  'subscription',
  'purchased_paid_media',
  'poll',
  'poll_answer',
  'my_chat_member',
  'chat_member',
  'chat_join_request',
  'chat_boost',
  'removed_chat_boost',
] as const;

export const telegram = z
  .strictObject({
    maxConnections: count(1, 100)
      .prefault(40)
      .describe("Telegram's max_connections: webhook requests it may have open at once."),
    ackDeadline: duration('500ms', '1m')
      .prefault('5s')
      .describe(
        'Every webhook request is answered within this time, 200 after the commit or 503. Telegram itself waits 60s.',
      ),
    retryAfter: duration('1s', '1m', 'the header counts whole seconds')
      .prefault('5s')
      .describe('Retry-After of a 503. At most 10s: an update that expires while Telegram waits is dropped.'),
    allowedUpdates: z
      .array(z.enum(UPDATE_TYPES))
      .min(1)
      .prefault(['message', 'edited_message', 'callback_query', 'pre_checkout_query', 'subscription', 'my_chat_member'])
      .describe('Update types that Telegram delivers.'),
  })
  .prefault({});

export const ingress = z
  .strictObject({
    domain: z
      .string()
      .regex(
        /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
        'a host name, such as "bot.example.com"',
      )
      .optional()
      .describe("Host name of the webhook. Without one, CloudFront's own HTTPS name is used."),
    zone: z
      .string()
      .min(1)
      .optional()
      .describe('Route 53 hosted zone that the domain belongs to, such as "example.com".'),
    telegramOnly: z
      .boolean()
      .prefault(false)
      .describe(
        "Forward the webhook path only from Telegram's published address ranges (149.154.160.0/20, 91.108.4.0/22).",
      ),
    deregistrationDelay: duration('0s', '1h', "a target group's range")
      .prefault('15s')
      .describe('How long the load balancer lets a leaving task finish its requests.'),
    idleTimeout: duration('1s', '4000s', "the load balancer's range")
      .prefault('60s')
      .describe('Idle timeout of the load balancer.'),
    keepAlive: duration('1s', '5000s')
      .prefault('72s')
      .describe(
        'Keep-alive of the Node server. Longer than the idle timeout, or the balancer reuses a dead socket: 502.',
      ),
    healthCheck: z
      .strictObject({
        interval: duration('100ms', '5m').prefault('10s').describe('Time between two health checks.'),
        timeout: duration('100ms', '2m').prefault('3s').describe('Longest answer of a health check.'),
        healthy: count(2, 10).prefault(2).describe('Successes in a row that make a target healthy.'),
        unhealthy: count(2, 10).prefault(3).describe('Failures in a row that make a target unhealthy.'),
      })
      .prefault({}),
    logRetention: duration('1d', '3653d').prefault('30d').describe('How long access logs are kept.'),
    rateLimit: count(100, 1_000_000)
      .optional()
      .describe(
        "Requests within five minutes from one address, Telegram's not counted, beyond which a firewall (AWS WAF) answers 429 in place of a task: about 6 USD a month, and 0.60 a million requests. Without it: no firewall.",
      ),
  })
  .prefault({});

/** Subnets of a network that somebody else made. */
const subnets = (least: number) =>
  z
    .array(
      z.string().regex(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/, 'the id of a subnet, such as "subnet-0a1b2c3d4e5f67890"'),
    )
    .min(least)
    .max(6);

export const network = z
  .strictObject({
    cidr: z
      .string()
      .regex(/^\d+\.\d+\.\d+\.\d+\/\d+$/, 'an IPv4 range, such as "10.40.0.0/16"')
      .prefault('10.40.0.0/16')
      .describe('IPv4 range of the VPC.'),
    zones: count(1, 3).prefault(2).describe('Availability zones over which tasks and database are spread.'),
    zoneIds: z
      .array(z.string().regex(/^[a-z]+\d-az\d$/, 'the id of an availability zone, such as "euc1-az1"'))
      .min(2)
      .max(3)
      .optional()
      .describe(
        'Ids of the zones to use, at least as many as zones and no fewer than two. For accounts in which one of the first zones lacks VPC origins, Fargate or the database class; read when the network is made. Without them, the first that the region has.',
      ),
    vpc: z
      .strictObject({
        id: z
          .string()
          .regex(/^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/, 'the id of a VPC, such as "vpc-0a1b2c3d4e5f67890"')
          .describe('The VPC. DNS names are on in it, and without ingress.domain it has an internet gateway.'),
        taskSubnets: subnets(1).describe(
          'Where tasks run: one subnet for each of network.zones, each in a zone of its own, with a way to the internet: by a gateway for egress "public", by whatever stands there for "nat".',
        ),
        balancerSubnets: subnets(2).describe(
          'Where the load balancer stands: public ones with ingress.domain, private ones without, each in a zone of its own.',
        ),
        databaseSubnets: subnets(2)
          .optional()
          .describe(
            'Where the database stands: private ones, each in a zone of its own. Not with database.server "own".',
          ),
      })
      .optional()
      .describe(
        'A VPC that is there already, in which nothing is made but security groups and what runs: no charge of its own, and none for gateways of ours. Read in place of cidr and zoneIds; choose before the first `up`. Without it: a network of its own.',
      ),
    flowLogs: duration('1d', '3653d')
      .optional()
      .describe(
        'How long it is kept who spoke with whom in the network (VPC flow logs, in a bucket): about 0.30 USD a GB written, under 1 USD a month for a quiet stack. Without it: nothing is written.',
      ),
    egress: z
      .enum(['public', 'nat', 'endpoints'])
      .prefault('public')
      .describe(
        'How tasks reach the internet: public addresses behind closed security groups (no charge for a gateway), a NAT gateway a zone (about 35 USD a month each), or NAT plus VPC endpoints for AWS services.',
      ),
  })
  .prefault({});
