/** Security groups, one a role: what each may be reached by and may reach, and nothing else. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Surroundings } from './network.ts';

/** Port of the containers' HTTP server. */
export const CONTAINER_PORT = 8080;
export const DATABASE_PORT = 5432;

/** Roles whose tasks speak with the database. */
export const DATABASE_CLIENTS = ['web', 'worker', 'migrate', 'ops'] as const;

export type Group = 'balancer' | 'database' | (typeof DATABASE_CLIENTS)[number];

export interface FirewallArgs {
  network: Surroundings;
  /**
   * Who reaches the load balancer: `internet` on 443, and on 80 to be redirected; `cloudfront` on 80 inside the VPC,
   * from CloudFront's own addresses alone. Default: by whether the posture has a domain.
   */
  entrance: 'internet' | 'cloudfront';
  /** Port of a database that is not of this stack, wherever it is. Default: the stack's own, in a group of its own. */
  databasePort: number | undefined;
  /** Root of the Bot API: a server of one's own may listen on another port than 443. Default: Telegram's own. */
  telegramApiRoot?: string;
}

export class Firewall extends pulumi.ComponentResource {
  readonly groupIds: Record<Group, pulumi.Output<string>>;
  /** What must exist before a task can reach anything. */
  readonly rules: pulumi.Resource[] = [];
  readonly #name: string;

  constructor(name: string, args: FirewallArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Firewall', name, {}, options);
    this.#name = name;
    this.groupIds = {
      balancer: this.#group('balancer', args.network, 'Load balancer'),
      web: this.#group('web', args.network, 'Web tasks'),
      worker: this.#group('worker', args.network, 'Worker tasks'),
      migrate: this.#group('migrate', args.network, 'Migration task'),
      ops: this.#group('ops', args.network, 'Tasks that people start'),
      database: this.#group('database', args.network, 'Database'),
    };
    this.#entrance(args.entrance);
    this.#between('balancer', 'web', CONTAINER_PORT);
    for (const role of DATABASE_CLIENTS) {
      if (args.databasePort === undefined) this.#between(role, 'database', DATABASE_PORT);
      else if (args.databasePort !== 443)
        this.#egress(`${role}-database`, role, { cidrIpv4: '0.0.0.0/0', port: args.databasePort });
      // Telegram, providers, and AWS's own services: names whose addresses change, so the port is what can be held.
      this.#egress(`${role}-https`, role, { cidrIpv4: '0.0.0.0/0', port: 443 });
    }
    const port = portOf(args.telegramApiRoot);
    if (port !== 443) this.#egress('worker-telegram', 'worker', { cidrIpv4: '0.0.0.0/0', port });
    this.registerOutputs({});
  }

  #group(role: Group, network: Surroundings, description: string): pulumi.Output<string> {
    const name = `${this.#name}-${role}`;
    return new aws.ec2.SecurityGroup(
      name,
      { vpcId: network.vpcId, description, tags: { Name: name } },
      { parent: this },
    ).id;
  }

  #entrance(entrance: FirewallArgs['entrance']): void {
    if (entrance === 'internet') {
      this.#ingress('https', 'balancer', { cidrIpv4: '0.0.0.0/0', port: 443 });
      this.#ingress('redirect', 'balancer', { cidrIpv4: '0.0.0.0/0', port: 80 });
      return;
    }
    const prefixListId = aws.ec2.getManagedPrefixListOutput(
      { name: 'com.amazonaws.global.cloudfront.origin-facing' },
      { parent: this },
    ).id;
    this.#ingress('cloudfront', 'balancer', { prefixListId, port: 80 });
  }

  #between(from: Group, to: Group, port: number): void {
    this.#egress(`${from}-${to}`, from, { referencedSecurityGroupId: this.groupIds[to], port });
    this.#ingress(`${to}-from-${from}`, to, { referencedSecurityGroupId: this.groupIds[from], port });
  }

  #ingress(name: string, group: Group, { port, ...peer }: Peer): void {
    const rule = { securityGroupId: this.groupIds[group], ipProtocol: 'tcp', fromPort: port, toPort: port, ...peer };
    this.rules.push(new aws.vpc.SecurityGroupIngressRule(`${this.#name}-${name}`, rule, { parent: this }));
  }

  #egress(name: string, group: Group, { port, ...peer }: Peer): void {
    const rule = { securityGroupId: this.groupIds[group], ipProtocol: 'tcp', fromPort: port, toPort: port, ...peer };
    this.rules.push(new aws.vpc.SecurityGroupEgressRule(`${this.#name}-${name}`, rule, { parent: this }));
  }
}

/** Port of an address; 443 without one. */
function portOf(address = 'https://api.telegram.org'): number {
  const { protocol, port } = new URL(address);
  return Number(port) || (protocol === 'http:' ? 80 : 443);
}

interface Peer {
  port: number;
  cidrIpv4?: string;
  prefixListId?: pulumi.Input<string>;
  referencedSecurityGroupId?: pulumi.Input<string>;
}
