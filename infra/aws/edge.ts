/**
 * CloudFront, for a stack without a domain of its own: an HTTPS name with a certificate that AWS keeps.
 *
 * The load balancer behind it is internal, so there is no way around CloudFront: requests enter the VPC through a VPC
 * origin, and the load balancer takes only those that carry this stack's header. Traffic from CloudFront to the load
 * balancer does not cross the internet.
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { edgeFunction } from './edge-function.ts';
import { toSeconds } from './names.ts';

/** AWS's own policy "Managed-CachingDisabled". */
const NO_CACHE = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const ORIGIN = 'load-balancer';

export interface EdgeArgs {
  loadBalancer: aws.lb.LoadBalancer;
  /** Header that the load balancer asks for. */
  header: { name: string; value: pulumi.Input<string> };
  /** Take the webhook path only from Telegram's ranges. Default false. */
  telegramOnly: boolean;
  /** Longest answer of the origin, ms; CloudFront takes 1s to 120s. */
  readTimeout: number;
  /** How long the load balancer keeps an idle connection, ms. CloudFront lets go a little before; it takes 1s to 120s. */
  idleTimeout: number;
  /** Firewall that stands before it. Default: none. */
  webAclArn: pulumi.Input<string> | undefined;
}

/** CloudFront gives up a little later than the bot itself would have answered 503. */
const READ_MARGIN = 5_000;
/** Both sides letting go at once is a request on a connection that is closed: 502. */
const KEEP_ALIVE_MARGIN = 5_000;

const limited = (milliseconds: number): number => Math.min(60, Math.max(1, toSeconds(milliseconds)));

export class Edge extends pulumi.ComponentResource {
  readonly distribution: aws.cloudfront.Distribution;
  readonly #name: string;

  constructor(name: string, args: EdgeArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Edge', name, {}, options);
    this.#name = name;
    this.distribution = this.#distribution(args, {
      origin: this.#origin(args.loadBalancer),
      policy: this.#requestPolicy(),
      filter: this.#filter(args.telegramOnly),
    });
    this.registerOutputs({ domainName: this.distribution.domainName });
  }

  #origin(loadBalancer: aws.lb.LoadBalancer): aws.cloudfront.VpcOrigin {
    return new aws.cloudfront.VpcOrigin(
      this.#name,
      {
        vpcOriginEndpointConfig: {
          name: this.#name,
          arn: loadBalancer.arn,
          httpPort: 80,
          httpsPort: 443,
          originProtocolPolicy: 'http-only',
          originSslProtocols: { items: ['TLSv1.2'], quantity: 1 },
        },
      },
      // AWS takes longer than the provider's quarter of an hour at times.
      { parent: this, customTimeouts: { create: '30m', update: '30m', delete: '30m' } },
    );
  }

  /** Everything that the viewer sent, and the version of TLS that it used. */
  #requestPolicy(): aws.cloudfront.OriginRequestPolicy {
    return new aws.cloudfront.OriginRequestPolicy(
      this.#name,
      {
        cookiesConfig: { cookieBehavior: 'none' },
        queryStringsConfig: { queryStringBehavior: 'none' },
        headersConfig: {
          headerBehavior: 'allViewerAndWhitelistCloudFront',
          headers: { items: ['CloudFront-Viewer-TLS'] },
        },
      },
      { parent: this },
    );
  }

  #filter(telegramOnly: boolean): aws.cloudfront.Function {
    return new aws.cloudfront.Function(
      this.#name,
      {
        runtime: 'cloudfront-js-2.0',
        comment: 'Known paths, TLS 1.2 or newer, and where declared Telegram alone',
        publish: true,
        code: edgeFunction({ telegramOnly }),
      },
      { parent: this },
    );
  }

  #distribution(
    args: EdgeArgs,
    made: {
      origin: aws.cloudfront.VpcOrigin;
      policy: aws.cloudfront.OriginRequestPolicy;
      filter: aws.cloudfront.Function;
    },
  ): aws.cloudfront.Distribution {
    return new aws.cloudfront.Distribution(
      this.#name,
      {
        comment: this.#name,
        enabled: true,
        ...(args.webAclArn !== undefined && { webAclId: args.webAclArn }),
        isIpv6Enabled: true,
        httpVersion: 'http2and3',
        // Telegram's servers are in Europe, Asia and America: the nearest edges of the cheapest class are enough.
        priceClass: 'PriceClass_100',
        origins: [
          {
            originId: ORIGIN,
            domainName: args.loadBalancer.dnsName,
            customHeaders: [args.header],
            vpcOriginConfig: {
              vpcOriginId: made.origin.id,
              originReadTimeout: limited(args.readTimeout + READ_MARGIN),
              originKeepaliveTimeout: limited(args.idleTimeout - KEEP_ALIVE_MARGIN),
            },
          },
        ],
        defaultCacheBehavior: {
          targetOriginId: ORIGIN,
          viewerProtocolPolicy: 'redirect-to-https',
          allowedMethods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE'],
          cachedMethods: ['GET', 'HEAD'],
          cachePolicyId: NO_CACHE,
          originRequestPolicyId: made.policy.id,
          functionAssociations: [{ eventType: 'viewer-request', functionArn: made.filter.arn }],
        },
        restrictions: { geoRestriction: { restrictionType: 'none' } },
        viewerCertificate: { cloudfrontDefaultCertificate: true },
      },
      { parent: this },
    );
  }
}
