/** The way in: a load balancer that forwards the known paths (contract/paths.ts) and answers 404 to everything else. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { LIVE_PATH, WAYS_IN } from '../../contract/paths.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { Certificate } from './certificate.ts';
import { Edge } from './edge.ts';
import { CONTAINER_PORT } from './firewall.ts';
import { toSeconds } from './names.ts';
import type { Surroundings } from './network.ts';
import { RateLimit, type RateLimitArgs } from './rate-limit.ts';
import { TELEGRAM_RANGES } from './telegram-ranges.ts';
import { password } from './secrets.ts';
import type { PrivateBucket } from './storage.ts';

/** TLS 1.3, and of 1.2 the suites with forward secrecy and without CBC (AWS, "Security policies for your Application Load Balancer"). */
const TLS_POLICY = 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06';
/** Header by which the load balancer knows that a request came through this stack's CloudFront. */
const ORIGIN_HEADER = 'X-Origin-Verify';

export interface IngressArgs {
  network: Surroundings;
  securityGroupId: pulumi.Input<string>;
  /**
   * `ingress`: with `domain` and `zone`, a public load balancer with a certificate of ACM and a record in Route 53;
   * without, an internal one behind CloudFront's own HTTPS name. `telegramOnly` limits the webhook to Telegram's ranges.
   * `rateLimit` puts a firewall before either, about 6 USD a month.
   * A load balancer costs about 20 USD a month; CloudFront's first 10 million requests a month are free.
   */
  posture: Posture;
  /** Bucket for the access logs. */
  logs: PrivateBucket;
  /** A load balancer that only a person may delete. Default: for a production stack. */
  keep: boolean;
}

/**
 * A load balancer cannot change between internal and public, nor a target group its load balancer: with another name the
 * new ones are made beside the old, the tasks move over, Telegram is pointed there, and only then the old ones go.
 */
const named = (name: string, internal: boolean): string => `${name}-${internal ? 'in' : 'out'}`;

export class Ingress extends pulumi.ComponentResource {
  /** `https://…` without a path, for PUBLIC_URL. */
  readonly publicUrl: pulumi.Output<string>;
  readonly loadBalancer: aws.lb.LoadBalancer;
  readonly targetGroup: aws.lb.TargetGroup;
  /** What must exist before a service can be attached to the target group. */
  readonly rules: pulumi.Resource[] = [];
  /** What must exist before Telegram can reach the bot. */
  readonly entrance: pulumi.Resource[] = [];
  readonly #name: string;
  readonly #posture: Posture;

  constructor(name: string, args: IngressArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Ingress', name, {}, options);
    this.#name = name;
    this.#posture = args.posture;
    const { domain, zone } = args.posture.ingress;
    const internal = domain === undefined;
    this.loadBalancer = this.#balancer(args, internal);
    this.targetGroup = this.#targets(args.network, internal);
    this.publicUrl =
      domain !== undefined && zone !== undefined ? this.#ownDomain(domain, zone) : this.#cloudFront(args.posture);
    this.registerOutputs({ publicUrl: this.publicUrl });
  }

  #balancer(args: IngressArgs, internal: boolean): aws.lb.LoadBalancer {
    return new aws.lb.LoadBalancer(
      this.#name,
      {
        name: named(this.#name, internal),
        loadBalancerType: 'application',
        internal,
        subnets: internal ? args.network.isolatedSubnetIds : args.network.publicSubnetIds,
        securityGroups: [args.securityGroupId],
        idleTimeout: toSeconds(args.posture.ingress.idleTimeout),
        dropInvalidHeaderFields: true,
        enableDeletionProtection: args.keep,
        // Free, and off by default: traffic leaves a zone that is impaired, by a command or by AWS itself.
        enableZonalShift: true,
        accessLogs: { bucket: args.logs.bucketName, enabled: true },
      },
      { parent: this, dependsOn: [args.logs.policy, ...args.network.routes] },
    );
  }

  #targets(network: Surroundings, internal: boolean): aws.lb.TargetGroup {
    const { deregistrationDelay, healthCheck } = this.#posture.ingress;
    return new aws.lb.TargetGroup(
      `${this.#name}-web`,
      {
        name: named(`${this.#name}-web`, internal),
        vpcId: network.vpcId,
        port: CONTAINER_PORT,
        protocol: 'HTTP',
        targetType: 'ip',
        // A task that waits for its database gets fewer than one that answers.
        loadBalancingAlgorithmType: 'least_outstanding_requests',
        deregistrationDelay: toSeconds(deregistrationDelay),
        healthCheck: {
          path: LIVE_PATH,
          protocol: 'HTTP',
          matcher: '200',
          interval: toSeconds(healthCheck.interval),
          timeout: toSeconds(healthCheck.timeout),
          healthyThreshold: healthCheck.healthy,
          unhealthyThreshold: healthCheck.unhealthy,
        },
      },
      { parent: this },
    );
  }

  #ownDomain(domain: string, zone: string): pulumi.Output<string> {
    const certificate = new Certificate(this.#name, { domain, zone }, { parent: this });
    const listener = this.#listener('https', {
      port: 443,
      protocol: 'HTTPS',
      sslPolicy: TLS_POLICY,
      certificateArn: certificate.arn,
      defaultActions: [NOT_FOUND],
    });
    this.#listener('redirect', {
      port: 80,
      protocol: 'HTTP',
      defaultActions: [{ type: 'redirect', redirect: { port: '443', protocol: 'HTTPS', statusCode: 'HTTP_301' } }],
    });
    const onlyTelegram = this.#posture.ingress.telegramOnly ? [{ sourceIp: { values: TELEGRAM_RANGES } }] : [];
    this.#forward(listener, { telegram: onlyTelegram, all: [] });
    const record = new aws.route53.Record(
      this.#name,
      {
        name: domain,
        zoneId: certificate.zoneId,
        type: 'A',
        aliases: [{ name: this.loadBalancer.dnsName, zoneId: this.loadBalancer.zoneId, evaluateTargetHealth: false }],
      },
      { parent: this },
    );
    this.entrance.push(record);
    const limit = this.#rateLimit('REGIONAL');
    if (limit) {
      const { arn: resourceArn } = this.loadBalancer;
      const attached = { resourceArn, webAclArn: limit.arn };
      this.entrance.push(new aws.wafv2.WebAclAssociation(this.#name, attached, { parent: this }));
    }
    return pulumi.output(`https://${domain}`);
  }

  #cloudFront(posture: Posture): pulumi.Output<string> {
    const secret = password(`${this.#name}-origin`, { parent: this });
    const listener = this.#listener('origin', { port: 80, protocol: 'HTTP', defaultActions: [NOT_FOUND] });
    const throughEdge = [{ httpHeader: { httpHeaderName: ORIGIN_HEADER, values: [secret] } }];
    this.#forward(listener, { telegram: [], all: throughEdge });
    const edge = new Edge(
      this.#name,
      {
        loadBalancer: this.loadBalancer,
        header: { name: ORIGIN_HEADER, value: secret },
        telegramOnly: posture.ingress.telegramOnly,
        readTimeout: posture.telegram.ackDeadline,
        idleTimeout: posture.ingress.idleTimeout,
        webAclArn: this.#rateLimit('CLOUDFRONT')?.arn,
      },
      { parent: this, dependsOn: [listener] },
    );
    this.entrance.push(edge.distribution);
    return pulumi.interpolate`https://${edge.distribution.domainName}`;
  }

  /** Where the requests come in with the address that they are from. */
  #rateLimit(before: RateLimitArgs['before']): RateLimit | undefined {
    const requests = this.#posture.ingress.rateLimit;
    if (requests === undefined) return undefined;
    return new RateLimit(`${this.#name}-rate-limit`, { requests, before }, { parent: this });
  }

  #listener(part: string, args: Omit<aws.lb.ListenerArgs, 'loadBalancerArn'>): aws.lb.Listener {
    const listener = { ...args, loadBalancerArn: this.loadBalancer.arn };
    return new aws.lb.Listener(`${this.#name}-${part}`, listener, { parent: this });
  }

  #forward(listener: aws.lb.Listener, further: Record<'telegram' | 'all', Condition[]>): void {
    for (const [index, { part, path, method, ofTelegram }] of WAYS_IN.entries()) {
      const rule = new aws.lb.ListenerRule(
        `${this.#name}-${part}`,
        {
          listenerArn: listener.arn,
          priority: 10 * (index + 1),
          conditions: [
            { pathPattern: { values: [path] } },
            { httpRequestMethod: { values: [method] } },
            ...(ofTelegram ? further.telegram : []),
            ...further.all,
          ],
          actions: [{ type: 'forward', targetGroupArn: this.targetGroup.arn }],
        },
        { parent: this },
      );
      this.rules.push(rule);
      this.entrance.push(rule);
    }
  }
}

type Condition = aws.types.input.lb.ListenerRuleCondition;

const NOT_FOUND = {
  type: 'fixed-response',
  fixedResponse: { contentType: 'text/plain', messageBody: 'not found', statusCode: '404' },
};
