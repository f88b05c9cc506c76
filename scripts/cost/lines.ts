/** From what a stack consists of to what a month of it costs: pure. */
import { NEVER_ZERO, type Alarm } from '../../posture/alarms/index.ts';
import { heedsNoZero } from '../../posture/alarms/silent.ts';
import type { Declared } from './declared.ts';
import {
  ADDRESS,
  ASSUMED,
  BALANCER,
  CLOUDWATCH,
  DATABASE,
  ENDPOINT,
  FARGATE,
  FIREWALL,
  FLOWS,
  HOURS,
  KEY,
  NAT,
  SECRET,
  STORAGE,
  ZONE,
} from './prices.ts';

/** One line of the bill. */
export interface Line {
  what: string;
  /** How it comes to be, for a reader to check. */
  sum: string;
  /** USD a month. */
  amount: number;
}

type Inputs = Declared['inputs'];

const of = (resources: readonly Declared[], type: string): Inputs[] =>
  resources.filter((resource) => resource.type === type).map(({ inputs }) => inputs);

/** A product, said and done: `['2', 2], ['0.037', 0.037]` is `2 × 0.037`. */
function product(what: string, ...factors: number[]): Line {
  return { what, sum: factors.map(plain).join(' × '), amount: factors.reduce((a, b) => a * b, 1) };
}

const plain = (number: number): string => String(Number(number.toFixed(5)));
const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

interface Size {
  cpu: number;
  memory: number;
  processor: keyof typeof FARGATE;
}

function sizeOf(resources: readonly Declared[], role: string): Size {
  const definition = of(resources, 'aws:ecs/taskDefinition:TaskDefinition').find(({ family }) =>
    String(family).endsWith(`-${role}`),
  )!;
  const { cpuArchitecture } = definition['runtimePlatform'] as { cpuArchitecture: keyof typeof FARGATE };
  return {
    cpu: Number(definition['cpu']) / 1024,
    memory: Number(definition['memory']) / 1024,
    processor: cpuArchitecture,
  };
}

/** One task of a role for a month, without its address. USD. */
export function taskPrice(resources: readonly Declared[], role: string): number {
  const { cpu, memory, processor } = sizeOf(resources, role);
  return (cpu * FARGATE[processor].cpu + memory * FARGATE[processor].memory) * HOURS;
}

const services = (resources: readonly Declared[]): { role: string; count: number; open: boolean }[] =>
  of(resources, 'aws:ecs/service:Service').map(({ name, desiredCount, networkConfiguration }) => ({
    role: String(name),
    count: Number(desiredCount),
    open: (networkConfiguration as { assignPublicIp: boolean }).assignPublicIp,
  }));

function tasks(resources: readonly Declared[]): Line[] {
  const running = services(resources).sort((a, b) => (a.role < b.role ? -1 : 1));
  const lines = running.map(({ role, count }): Line => {
    const { cpu, memory, processor } = sizeOf(resources, role);
    const { cpu: forCpu, memory: forMemory } = FARGATE[processor];
    return {
      what: `${plural(count, `${role} task`)}, ${plain(cpu)} vCPU, ${plain(memory)} GB${processor === 'ARM64' ? ', arm64' : ''}`,
      sum: `${count} × (${plain(cpu)} × ${forCpu} + ${plain(memory)} × ${forMemory}) × ${HOURS}`,
      amount: count * taskPrice(resources, role),
    };
  });
  const open = running.filter(({ open }) => open).reduce((sum, { count }) => sum + count, 0);
  return open === 0 ? lines : [...lines, product('public address of each task', open, ADDRESS, HOURS)];
}

function entrance(resources: readonly Declared[]): Line[] {
  const unit = ASSUMED.units * BALANCER.unit;
  const balancers = of(resources, 'aws:lb/loadBalancer:LoadBalancer');
  const lines = balancers.map(() => ({
    what: 'load balancer',
    sum: `${BALANCER.itself} × ${HOURS}, and half a capacity unit ${ASSUMED.units} × ${BALANCER.unit} × ${HOURS}`,
    amount: (BALANCER.itself + unit) * HOURS,
  }));
  const open = balancers.filter(({ internal }) => internal === false);
  const addresses = open.reduce((sum, { subnets }) => sum + (subnets as unknown[]).length, 0);
  return [
    ...lines,
    ...(addresses > 0 ? [product('its public addresses', addresses, ADDRESS, HOURS)] : []),
    ...(open.length > 0 ? [product('hosted zone of the domain', 1, ZONE)] : []),
  ];
}

function network(resources: readonly Declared[]): Line[] {
  const gateways = of(resources, 'aws:ec2/natGateway:NatGateway').length;
  const endpoints = of(resources, 'aws:ec2/vpcEndpoint:VpcEndpoint').filter(
    ({ vpcEndpointType }) => vpcEndpointType === 'Interface',
  );
  const places = endpoints.reduce((sum, { subnetIds }) => sum + (subnetIds as unknown[]).length, 0);
  const through: Line = {
    what: `${plural(gateways, 'NAT gateway')} with address`,
    sum: `${gateways} × (${NAT.hour} + ${ADDRESS}) × ${HOURS}, and about ${ASSUMED.nat} GB × ${NAT.gigabyte}`,
    amount: gateways * (NAT.hour + ADDRESS) * HOURS + ASSUMED.nat * NAT.gigabyte,
  };
  return [
    ...(of(resources, 'aws:ec2/flowLog:FlowLog').length > 0
      ? [product('flow logs, about 1 GB', ASSUMED.flows, FLOWS)]
      : []),
    ...(gateways > 0 ? [through] : []),
    ...(places > 0 ? [product(`${endpoints.length} endpoints, each zone`, places, ENDPOINT, HOURS)] : []),
  ];
}

function database(resources: readonly Declared[]): Line[] {
  return of(resources, 'aws:rds/instance:Instance').flatMap((server) => {
    const kind = String(server['instanceClass']);
    const hour = DATABASE[kind];
    if (hour === undefined) throw new Error(`scripts/cost/prices.ts has no price of ${kind}`);
    const copies = server['multiAz'] === true ? 2 : 1;
    const size = Number(server['allocatedStorage']);
    const kept = Number(server['backupRetentionPeriod']) / 14;
    const backups = size * ASSUMED.backups * kept;
    return [
      product(`RDS ${kind}${copies === 2 ? ', Multi-AZ' : ''}`, copies, hour, HOURS),
      product(`its storage, ${size} GB gp3${copies === 2 ? ', twice' : ''}`, copies, size, STORAGE.disk),
      {
        what: `its backups beyond the free ${size} GB`,
        sum: `about ${plain(Number(backups.toFixed(1)))} × ${STORAGE.backup}`,
        amount: backups * STORAGE.backup,
      },
    ];
  });
}

/** A first copy is as large as the data, and each further one what changed since: about the disk, whatever is kept. */
function copies(resources: readonly Declared[]): Line[] {
  const size = Number(of(resources, 'aws:rds/instance:Instance')[0]?.['allocatedStorage'] ?? 0);
  return of(resources, 'aws:backup/plan:Plan').map(() => ({
    what: 'copies of the backups, in another vault',
    sum: `about ${size} × ${STORAGE.backup}`,
    amount: size * STORAGE.backup,
  }));
}

/** Alarms to which a metric's zeros are as good as silence, in CloudWatch's words. */
const needsNoZero = ({ treatMissingData, statistic, comparisonOperator, threshold }: Inputs): boolean =>
  heedsNoZero({
    missing: treatMissingData === 'notBreaching' ? 'notBreaching' : 'breaching',
    statistic: (statistic ?? 'p99') as Alarm['statistic'],
    comparison:
      `${String(comparisonOperator).startsWith('Greater') ? '>' : '<'}${String(comparisonOperator).includes('OrEqual') ? '=' : ''}` as Alarm['comparison'],
    threshold: Number(threshold),
  });

/**
 * Metrics of our own that a quiet stack sends, each a line of its own on the bill: what alarms read, and the heartbeat of each
 * role. What is 0 while all is well is not sent then, and a metric is billed for the hours in which it is.
 */
function ownMetrics(resources: readonly Declared[]): number {
  const wanted = new Map<string, boolean>();
  for (const alarm of of(resources, 'aws:cloudwatch/metricAlarm:MetricAlarm')) {
    const inner = ((alarm['metricQueries'] ?? []) as Inputs[]).flatMap(({ metric }) =>
      metric ? [metric as Inputs] : [],
    );
    for (const { metricName, namespace, dimensions } of [alarm, ...inner]) {
      if (!String(namespace).startsWith('Evenkeel/')) continue;
      const key = JSON.stringify([namespace, metricName, sorted(dimensions)]);
      const sent = (NEVER_ZERO as readonly unknown[]).includes(metricName) || !needsNoZero(alarm);
      wanted.set(key, sent || wanted.get(key) === true);
    }
  }
  const stack = of(resources, 'aws:ecs/cluster:Cluster')[0]?.['name'];
  for (const { role } of services(resources))
    wanted.set(JSON.stringify(['Evenkeel/Task', 'Heartbeat', sorted({ Role: role, Stack: stack })]), true);
  return [...wanted.values()].filter(Boolean).length;
}

const sorted = (dimensions: unknown): unknown =>
  Object.entries(dimensions ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));

/** The metrics of which an alarm is priced: each that its arithmetic takes. */
const priced = ({ metricQueries }: Inputs): number =>
  Math.max(1, ((metricQueries ?? []) as Inputs[]).filter(({ metric }) => metric !== undefined).length);

function watching(resources: readonly Declared[]): Line[] {
  const declared = of(resources, 'aws:cloudwatch/metricAlarm:MetricAlarm');
  const quick = declared.filter(({ period }) => Number(period) < 60);
  const usual = declared.filter((alarm) => !quick.includes(alarm)).reduce((sum, alarm) => sum + priced(alarm), 0);
  // Each target that is tracked has two that AWS makes itself.
  const tracked = of(resources, 'aws:appautoscaling/policy:Policy').filter(
    ({ policyType }) => policyType === 'TargetTrackingScaling',
  );
  const composite = of(resources, 'aws:cloudwatch/compositeAlarm:CompositeAlarm').length;
  const { alarm, composite: forComposite, quick: forQuick } = CLOUDWATCH;
  return [
    {
      what: 'alarms',
      sum: `(${usual} declared + ${2 * tracked.length} of autoscaling) × ${alarm}${quick.length > 0 ? `, ${quick.length} quick × ${forQuick}` : ''}, ${composite} composite × ${forComposite}`,
      amount: (usual + 2 * tracked.length) * alarm + quick.length * forQuick + composite * forComposite,
    },
    product('metrics of sentinel and tasks', ownMetrics(resources), CLOUDWATCH.metric),
    ...insights(resources),
    {
      what: 'logs',
      sum: `about ${ASSUMED.logs} GB × ${CLOUDWATCH.log}`,
      amount: ASSUMED.logs * CLOUDWATCH.log,
    },
  ];
}

/** What Container Insights would cost, whether it is on or not. */
export function insightsPrice(resources: readonly Declared[]): Line {
  const { cluster, service, task } = ASSUMED.insights;
  const metrics = cluster + (service + task) * services(resources).length;
  return {
    what: 'Container Insights',
    sum: `about ${metrics} metrics × ${CLOUDWATCH.metric}; the least certain line`,
    amount: metrics * CLOUDWATCH.metric,
  };
}

export const hasInsights = (resources: readonly Declared[]): boolean =>
  of(resources, 'aws:ecs/cluster:Cluster').some(({ settings }) =>
    ((settings ?? []) as { name: string; value: string }[]).some(
      ({ name, value }) => name === 'containerInsights' && value !== 'disabled',
    ),
  );

const insights = (resources: readonly Declared[]): Line[] => (hasInsights(resources) ? [insightsPrice(resources)] : []);

function safety(resources: readonly Declared[]): Line[] {
  const secrets = of(resources, 'aws:secretsmanager/secret:Secret').length;
  const keys = of(resources, 'aws:kms/key:Key').length;
  const lists = of(resources, 'aws:wafv2/webAcl:WebAcl');
  const rules = lists.reduce((sum, { rules }) => sum + ((rules ?? []) as unknown[]).length, 0);
  return [
    product(plural(secrets, 'secret'), secrets, SECRET),
    ...(keys > 0 ? [product(keys === 1 ? 'key of the alarm topics' : 'keys', keys, KEY)] : []),
    ...(lists.length > 0
      ? [
          {
            what: 'WAF',
            sum: `${lists.length} × ${FIREWALL.list} + ${rules} × ${FIREWALL.rule}`,
            amount: lists.length * FIREWALL.list + rules * FIREWALL.rule,
          },
        ]
      : []),
  ];
}

/** The bill of a month, USD, the largest part first in the order in which a reader asks. */
export const lines = (resources: readonly Declared[]): Line[] => [
  ...tasks(resources),
  ...entrance(resources),
  ...network(resources),
  ...database(resources),
  ...copies(resources),
  ...safety(resources),
  ...watching(resources),
  { what: 'ECR, S3, Lambda, SNS, CloudFront', sum: 'little of each', amount: ASSUMED.rest },
];

export const total = (bill: readonly Line[]): number => bill.reduce((sum, { amount }) => sum + amount, 0);
