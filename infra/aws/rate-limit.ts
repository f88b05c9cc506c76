/** A firewall for the web (AWS WAF) with one rule: an address that asks too often is answered 429 before a task hears of it. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { TELEGRAM_RANGES } from './telegram-ranges.ts';

export interface RateLimitArgs {
  /** Requests from one address within five minutes. */
  requests: number;
  /** What it stands before: CloudFront, whose firewalls live in us-east-1 alone, or a load balancer of the stack's own region. */
  before: 'CLOUDFRONT' | 'REGIONAL';
}

const WINDOW = 300;

export class RateLimit extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, { requests, before }: RateLimitArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:RateLimit', name, {}, options);
    const place = { scope: before, ...(before === 'CLOUDFRONT' && { region: 'us-east-1' }) };
    // All of Telegram's webhooks come from a handful of addresses: counted, the first busy hour would refuse them.
    const telegram = new aws.wafv2.IpSet(
      `${name}-telegram`,
      { ...place, description: 'Never counted', ipAddressVersion: 'IPV4', addresses: TELEGRAM_RANGES },
      { parent: this },
    );
    const seen = (metricName: string) => ({
      metricName,
      cloudwatchMetricsEnabled: true,
      sampledRequestsEnabled: true,
    });
    this.arn = new aws.wafv2.WebAcl(
      name,
      {
        ...place,
        description: 'Requests of one address',
        defaultAction: { allow: {} },
        rules: [
          {
            name: 'rate',
            priority: 1,
            action: { block: { customResponse: { responseCode: 429 } } },
            statement: {
              rateBasedStatement: {
                limit: requests,
                evaluationWindowSec: WINDOW,
                aggregateKeyType: 'IP',
                scopeDownStatement: {
                  notStatement: { statement: { ipSetReferenceStatement: { arn: telegram.arn } } },
                },
              },
            },
            visibilityConfig: seen(`${name}-rate`),
          },
        ],
        visibilityConfig: seen(name),
      },
      { parent: this },
    ).arn;
    this.registerOutputs({ arn: this.arn });
  }
}
