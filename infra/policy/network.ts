/** The network: open to the world on 80 and 443 of a load balancer alone, with TLS that is not outdated. */
import type { PolicyResource } from '@pulumi/policy';
import { list, madeFrom, rule, stackRule, type Props } from './rule.ts';

const WORLD = ['0.0.0.0/0', '::/0'];
const WEB = [80, 443];

interface Opening {
  ranges: unknown[];
  from: unknown;
  to: unknown;
  protocol: unknown;
}

const isWorld = ({ ranges }: Opening): boolean => ranges.some((range) => WORLD.includes(String(range)));

/** A single port of the web: a range or "all" is not one. */
const isWeb = ({ from, to, protocol }: Opening): boolean =>
  protocol !== '-1' && protocol !== -1 && from === to && WEB.includes(Number(from));

const problem = ({ from, to, protocol }: Opening): string =>
  `open to the world on ${protocol === '-1' || protocol === -1 ? 'every port' : `${String(from)}–${String(to)}`}; only 80 and 443 of a load balancer may be`;

/** What a security group, or a rule of one, opens. */
function openings(type: string, props: Props): Opening[] {
  switch (type) {
    case 'aws:ec2/securityGroup:SecurityGroup':
      return (list(props['ingress']) as Props[]).map(inline);
    case 'aws:ec2/securityGroupRule:SecurityGroupRule':
      return props['type'] === 'ingress' ? [inline(props)] : [];
    case 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule':
      return [
        {
          ranges: [props['cidrIpv4'], props['cidrIpv6']].filter(Boolean),
          from: props['fromPort'],
          to: props['toPort'],
          protocol: props['ipProtocol'],
        },
      ];
    default:
      return [];
  }
}

const inline = (props: Props): Opening => ({
  ranges: [...list(props['cidrBlocks']), ...list(props['ipv6CidrBlocks'])],
  from: props['fromPort'],
  to: props['toPort'],
  protocol: props['protocol'],
});

const onlyWeb = (type: string) => (props: Props) =>
  openings(type, props)
    .filter((opening) => isWorld(opening) && !isWeb(opening))
    .map(problem);

const TYPES = [
  'aws:ec2/securityGroup:SecurityGroup',
  'aws:ec2/securityGroupRule:SecurityGroupRule',
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
];

export const closedPorts = rule({
  name: 'closed-ports',
  description: 'No security group is open to the world on another port than 80 and 443.',
  checks: Object.fromEntries(TYPES.map((type) => [type, onlyWeb(type)])),
});

/** Security groups that a resource stands for or belongs to. */
const groupOf = (resource: PolicyResource): string[] =>
  resource.type === TYPES[0] ? [resource.urn] : madeFrom(resource, 'securityGroupId');

export const onlyBalancersOpen = stackRule(
  'only-load-balancers-open',
  'What is open to the world on 80 or 443 belongs to a load balancer: tasks and databases are behind it.',
  (resources, violate) => {
    const balancers = resources.filter(({ type }) => /^aws:[^:]*lb.*\/loadBalancer:LoadBalancer$/.test(type));
    const allowed = new Set(balancers.flatMap((balancer) => madeFrom(balancer, 'securityGroups')));
    for (const resource of resources) {
      const open = openings(resource.type, resource.props).filter((opening) => isWorld(opening) && isWeb(opening));
      if (open.length > 0 && !groupOf(resource).some((urn) => allowed.has(urn)))
        violate('open to the world, and not the security group of a load balancer', resource.urn);
    }
  },
);

/** TLS 1.2 and newer alone. */
const MODERN = /^ELBSecurityPolicy-(TLS13-1-[23]|TLS-1-2|FS-1-2)/;

const listener = ({ protocol, sslPolicy, defaultActions }: Props): string[] => {
  if (protocol === 'HTTPS' || protocol === 'TLS')
    return MODERN.test(String(sslPolicy)) ? [] : [`sslPolicy is ${String(sslPolicy)}: it accepts TLS older than 1.2`];
  const forwards = (list(defaultActions) as Props[]).some(({ type }) => type === 'forward');
  return protocol === 'HTTP' && forwards ? ['plain HTTP is forwarded: redirect it to HTTPS'] : [];
};

/** Plain HTTP that a rule forwards is for a load balancer inside the network, which asks for a header that only its edge knows. */
const listenerRule = ({ actions, conditions }: Props, balancer: Props | undefined): string[] => {
  if (!(list(actions) as Props[]).some(({ type }) => type === 'forward')) return [];
  const asks = (list(conditions) as Props[]).some(({ httpHeader }) => httpHeader !== undefined);
  return balancer?.['internal'] === true && asks
    ? []
    : ['plain HTTP is forwarded: only an internal load balancer may, to requests with a header of its edge'];
};

export const plainForwarding = stackRule(
  'plain-forwarding',
  'What a rule forwards from plain HTTP comes through an edge: it asks for a header, on an internal load balancer.',
  (resources, violate) => {
    const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    const from = (resource: PolicyResource | undefined, property: string, type: RegExp): PolicyResource | undefined =>
      resource &&
      madeFrom(resource, property)
        .map((urn) => byUrn.get(urn))
        .find((made) => made && type.test(made.type));
    for (const rule of resources.filter(({ type }) => /^aws:a?lb\/listenerRule:ListenerRule$/.test(type))) {
      const listens = from(rule, 'listenerArn', /:Listener$/);
      if (listens?.props['protocol'] !== 'HTTP') continue;
      for (const what of listenerRule(rule.props, from(listens, 'loadBalancerArn', /:LoadBalancer$/)?.props))
        violate(what, rule.urn);
    }
  },
);

const distribution = ({ viewerCertificate, defaultCacheBehavior, orderedCacheBehaviors }: Props): string[] => {
  const { cloudfrontDefaultCertificate, minimumProtocolVersion } = (viewerCertificate ?? {}) as Props;
  const modern = cloudfrontDefaultCertificate === true || /^TLSv1\.[23]/.test(String(minimumProtocolVersion));
  const behaviours = [...list(defaultCacheBehavior), ...list(orderedCacheBehaviors)] as Props[];
  return [
    ...(modern ? [] : [`minimumProtocolVersion is ${String(minimumProtocolVersion)}, wanted TLSv1.2_2021 or newer`]),
    ...(behaviours.some(({ viewerProtocolPolicy }) => viewerProtocolPolicy === 'allow-all')
      ? ['viewerProtocolPolicy is allow-all: plain HTTP is served']
      : []),
  ];
};

export const modernTls = rule({
  name: 'modern-tls',
  description: 'What is reached from outside speaks TLS 1.2 or newer, and nothing in the clear.',
  checks: {
    'aws:lb/listener:Listener': listener,
    'aws:alb/listener:Listener': listener,
    'aws:cloudfront/distribution:Distribution': distribution,
  },
});

export const privateTasks = rule({
  name: 'private-tasks',
  description: 'Tasks have no address in the internet, where that is required.',
  configSchema: { properties: { required: { type: 'boolean', default: false } } },
  checks: {
    'aws:ecs/service:Service': ({ networkConfiguration }, args) =>
      args.getConfig<{ required: boolean }>().required &&
      (networkConfiguration as Props | undefined)?.['assignPublicIp'] === true
        ? ['assignPublicIp is true: with closed security groups nobody gets in, but a gateway is wanted here']
        : [],
  },
});

export const flowLogs = stackRule(
  'flow-logs',
  'Every network says who spoke with whom, where that is required.',
  (resources, violate, { required }) => {
    if (required !== true) return;
    const logged = new Set(
      resources.filter(({ type }) => type === 'aws:ec2/flowLog:FlowLog').flatMap((log) => madeFrom(log, 'vpcId')),
    );
    for (const { type, urn } of resources)
      if (type === 'aws:ec2/vpc:Vpc' && !logged.has(urn)) violate('no FlowLog is made of it', urn);
  },
  { properties: { required: { type: 'boolean', default: false } } },
);
