/**
 * What AWS asks, USD, in eu-central-1. Estimates: copied by hand and not read from a live list. Who changes a price changes
 * the date; the tables of the guide are computed from here.
 */

export const PRICES_OF = {
  region: 'eu-central-1',
  /** When they were copied. */
  date: '2026-11-25',
  source: 'the pricing pages of AWS (aws.amazon.com/fargate/pricing and its neighbours), on demand, without tax',
} as const;

/** Hours of a month, as AWS counts them. */
export const HOURS = 730;

/** Fargate, Linux: a vCPU and a GB of memory, an hour. */
export const FARGATE = {
  X86_64: { cpu: 0.04656, memory: 0.00511 },
  ARM64: { cpu: 0.03725, memory: 0.00409 },
} as const;

/**
 * RDS for PostgreSQL, one server, an hour. The classes above `db.t4g.small` are us-east-1's prices and a sixth, which is
 * what the region is dearer by.
 */
export const DATABASE: Readonly<Record<string, number>> = {
  'db.t4g.micro': 0.019,
  'db.t4g.small': 0.037,
  'db.t4g.medium': 0.075,
  'db.t4g.large': 0.15,
  'db.m7g.large': 0.196,
  'db.m7g.xlarge': 0.392,
  'db.m7g.2xlarge': 0.784,
  'db.r7g.large': 0.279,
  'db.r7g.xlarge': 0.558,
};

/** A GB a month: gp3 of RDS, and backups beyond as much as the disk has. */
export const STORAGE = { disk: 0.137, backup: 0.103 } as const;

/** A public IPv4 address, an hour. */
export const ADDRESS = 0.005;
/** Application load balancer: itself, and a capacity unit, an hour. */
export const BALANCER = { itself: 0.027, unit: 0.008 } as const;
/** NAT gateway an hour, and a GB through it. */
export const NAT = { hour: 0.052, gigabyte: 0.052 } as const;
/** Interface endpoint in one zone, an hour. */
export const ENDPOINT = 0.012;
/** A secret, a month. */
export const SECRET = 0.4;
/** A key of one's own in KMS, a month. */
export const KEY = 1;
/** CloudWatch, a month: an alarm on one metric, one below a minute, one of others; a metric; a GB of log taken in. */
export const CLOUDWATCH = { alarm: 0.1, quick: 0.3, composite: 0.5, metric: 0.3, log: 0.63 } as const;
/** A hosted zone of Route 53, a month. */
export const ZONE = 0.5;
/** WAF, a month: the list, and each of its rules. */
export const FIREWALL = { list: 5, rule: 1 } as const;

/** A GB of flow logs written to a bucket. */
export const FLOWS = 0.27;

/** What no program knows of a month: a quiet stack. */
export const ASSUMED = {
  /** Capacity units of the load balancer. */
  units: 0.5,
  /** GB of backups beyond the free ones, of each GB of disk and each 14 days that they are kept. */
  backups: 0.5,
  /** GB of logs. */
  logs: 2,
  /** GB of flow logs. */
  flows: 1,
  /** GB through NAT gateways. */
  nat: 5,
  /** ECR, S3, Lambda, SNS, CloudFront: little of each, USD. */
  rest: 1,
  /** Metrics that Container Insights writes: of a cluster, of a service, of a kind of task. The least certain of all. */
  insights: { cluster: 12, service: 14, task: 10 },
} as const;
