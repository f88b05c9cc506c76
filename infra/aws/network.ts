/** The network: a VPC over the posture's zones, with subnets for what faces the internet, for tasks, and for the database. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Posture } from '../../posture/schema/index.ts';
import { subnetRange } from './subnets.ts';

/** What everything else asks of a network, whoever made it. */
export interface Surroundings {
  readonly vpcId: pulumi.Output<string>;
  /** Where a load balancer stands that the internet reaches. */
  readonly publicSubnetIds: pulumi.Output<string>[];
  /** Where one stands that only CloudFront reaches. */
  readonly isolatedSubnetIds: pulumi.Output<string>[];
  /** Where the database stands. */
  readonly databaseSubnetIds: pulumi.Output<string>[];
  /** Where tasks run, one subnet a zone of the posture. */
  readonly taskSubnetIds: pulumi.Output<string>[];
  /** Whether a task needs a public address to reach the internet. */
  readonly assignPublicIp: boolean;
  /** What must exist before a task can reach anything: its routes. */
  readonly routes: pulumi.Resource[];
}

export interface NetworkArgs {
  /**
   * `cidr` (default 10.40.0.0/16), `zones` (default 2), `zoneIds` (default: the first that the region has) and `egress`, which decides how tasks reach the internet:
   * - `public` (default): tasks have public addresses behind security groups that let nothing in. No gateway; about
   *   3.65 USD a month for each address.
   * - `nat`: tasks are in private subnets behind a NAT gateway a zone. About 38 USD a month each, and 0.052 USD a GB.
   * - `endpoints`: `nat`, and interface endpoints for ECR, logs and secrets, so that a task starts although NAT is away.
   *   About 9 USD a month for each of four endpoints and zone.
   */
  posture: Pick<Posture, 'network'>;
  /** AWS region, for the names of endpoints. */
  region: string;
}

/** A load balancer and a database's subnet group want two zones, even where the tasks are in one. */
const LEAST_ZONES = 2;

export class Network extends pulumi.ComponentResource implements Surroundings {
  readonly vpcId: pulumi.Output<string>;
  readonly cidr: string;
  /** Subnets with a route from the internet. */
  readonly publicSubnetIds: pulumi.Output<string>[];
  /** Subnets without any route out of the VPC. */
  readonly isolatedSubnetIds: pulumi.Output<string>[];
  readonly databaseSubnetIds: pulumi.Output<string>[];
  readonly taskSubnetIds: pulumi.Output<string>[];
  readonly assignPublicIp: boolean;
  readonly routes: pulumi.Resource[] = [];

  readonly #name: string;
  readonly #zones: pulumi.Output<string[]>;
  readonly #zoneIds: readonly string[] | undefined;
  readonly #vpc: aws.ec2.Vpc;

  constructor(name: string, args: NetworkArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Network', name, {}, options);
    const { cidr, zones, zoneIds, egress } = args.posture.network;
    const spread = Math.max(zones, LEAST_ZONES);
    this.#name = name;
    this.#zoneIds = zoneIds;
    this.cidr = cidr;
    this.assignPublicIp = egress === 'public';
    this.#zones = aws.getAvailabilityZonesOutput(
      { state: 'available', filters: [{ name: 'opt-in-status', values: ['opt-in-not-required'] }] },
      { parent: this },
    ).names;

    this.#vpc = this.#createVpc(cidr);
    this.vpcId = this.#vpc.id;
    // A table of their own, without a route: the VPC's main table is anybody's to change.
    const closedTable = new aws.ec2.RouteTable(
      `${name}-isolated`,
      { vpcId: this.vpcId, tags: { Name: `${name}-isolated` } },
      { parent: this },
    );
    const isolated = this.#subnets('isolated', spread, closedTable);
    const publicTable = this.#publicRoutes();
    const open = this.#subnets('public', spread, publicTable);
    this.publicSubnetIds = open.map(({ id }) => id);
    this.isolatedSubnetIds = isolated.map(({ id }) => id);
    this.databaseSubnetIds = this.isolatedSubnetIds;

    const tables = [publicTable];
    if (egress === 'public') {
      this.taskSubnetIds = this.publicSubnetIds.slice(0, zones);
    } else {
      const closed = this.#subnets('private', zones);
      tables.push(...closed.map((subnet, zone) => this.#natRoutes(zone, open[zone]!, subnet)));
      this.taskSubnetIds = closed.map(({ id }) => id);
    }
    this.#storageEndpoint(args.region, tables);
    if (egress === 'endpoints') this.#serviceEndpoints(args.region);
    this.registerOutputs({ vpcId: this.vpcId });
  }

  #createVpc(cidr: string): aws.ec2.Vpc {
    const vpc = new aws.ec2.Vpc(
      this.#name,
      { cidrBlock: cidr, enableDnsHostnames: true, enableDnsSupport: true, tags: { Name: this.#name } },
      { parent: this },
    );
    // Whatever is started without a security group of its own gets one that lets nothing in or out.
    new aws.ec2.DefaultSecurityGroup(`${this.#name}-default`, { vpcId: vpc.id }, { parent: this });
    return vpc;
  }

  #subnets(kind: 'public' | 'isolated' | 'private', zones: number, table?: aws.ec2.RouteTable): aws.ec2.Subnet[] {
    return Array.from({ length: zones }, (_, zone) => {
      const name = `${this.#name}-${kind}-${zone + 1}`;
      const subnet = new aws.ec2.Subnet(
        name,
        {
          vpcId: this.#vpc.id,
          cidrBlock: subnetRange(this.cidr, kind, zone),
          ...(this.#zoneIds
            ? { availabilityZoneId: this.#zoneIds[zone]! }
            : { availabilityZone: this.#zones.apply((names) => names[zone]!) }),
          mapPublicIpOnLaunch: false,
          tags: { Name: name },
        },
        // A subnet keeps its zone: the list that AWS gives is shorter while a zone is impaired, and what came after it
        // would be replaced, with all that is in it, in the very hour for which there is a second zone.
        { parent: this, ignoreChanges: ['availabilityZone', 'availabilityZoneId'] },
      );
      if (table) this.#associate(name, subnet, table);
      return subnet;
    });
  }

  #associate(name: string, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable): void {
    const association = { subnetId: subnet.id, routeTableId: table.id };
    this.routes.push(new aws.ec2.RouteTableAssociation(name, association, { parent: this }));
  }

  #publicRoutes(): aws.ec2.RouteTable {
    const tags = { Name: `${this.#name}-public` };
    const gateway = new aws.ec2.InternetGateway(this.#name, { vpcId: this.#vpc.id, tags }, { parent: this });
    const table = new aws.ec2.RouteTable(`${this.#name}-public`, { vpcId: this.#vpc.id, tags }, { parent: this });
    const route = { routeTableId: table.id, destinationCidrBlock: '0.0.0.0/0', gatewayId: gateway.id };
    this.routes.push(new aws.ec2.Route(`${this.#name}-public`, route, { parent: this }));
    return table;
  }

  /** A gateway a zone: the loss of one takes no other zone's way out with it. */
  #natRoutes(zone: number, open: aws.ec2.Subnet, closed: aws.ec2.Subnet): aws.ec2.RouteTable {
    const name = `${this.#name}-private-${zone + 1}`;
    const tags = { Name: name };
    const address = new aws.ec2.Eip(name, { domain: 'vpc', tags }, { parent: this });
    const nat = new aws.ec2.NatGateway(
      name,
      { subnetId: open.id, allocationId: address.allocationId, tags },
      { parent: this, dependsOn: [...this.routes] },
    );
    const table = new aws.ec2.RouteTable(name, { vpcId: this.#vpc.id, tags }, { parent: this });
    const route = { routeTableId: table.id, destinationCidrBlock: '0.0.0.0/0', natGatewayId: nat.id };
    this.routes.push(new aws.ec2.Route(name, route, { parent: this }));
    this.#associate(name, closed, table);
    return table;
  }

  /** Image layers and media reach S3 inside AWS, without charge. */
  #storageEndpoint(region: string, tables: aws.ec2.RouteTable[]): void {
    new aws.ec2.VpcEndpoint(
      `${this.#name}-s3`,
      {
        vpcId: this.#vpc.id,
        serviceName: `com.amazonaws.${region}.s3`,
        vpcEndpointType: 'Gateway',
        routeTableIds: tables.map(({ id }) => id),
        tags: { Name: `${this.#name}-s3` },
      },
      { parent: this },
    );
  }

  #serviceEndpoints(region: string): void {
    const group = new aws.ec2.SecurityGroup(
      `${this.#name}-endpoints`,
      {
        vpcId: this.#vpc.id,
        description: 'AWS services, from inside the VPC',
        tags: { Name: `${this.#name}-endpoints` },
      },
      { parent: this },
    );
    new aws.vpc.SecurityGroupIngressRule(
      `${this.#name}-endpoints`,
      { securityGroupId: group.id, cidrIpv4: this.cidr, ipProtocol: 'tcp', fromPort: 443, toPort: 443 },
      { parent: this },
    );
    for (const service of ['ecr.api', 'ecr.dkr', 'logs', 'secretsmanager']) {
      const endpoint = new aws.ec2.VpcEndpoint(
        `${this.#name}-${service.replace('.', '-')}`,
        {
          vpcId: this.#vpc.id,
          serviceName: `com.amazonaws.${region}.${service}`,
          vpcEndpointType: 'Interface',
          privateDnsEnabled: true,
          subnetIds: this.taskSubnetIds,
          securityGroupIds: [group.id],
          tags: { Name: `${this.#name}-${service}` },
        },
        { parent: this },
      );
      this.routes.push(endpoint);
    }
  }
}
