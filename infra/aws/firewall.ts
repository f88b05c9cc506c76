/** Security groups, one a role: what each may be reached by and may reach, and nothing else. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Surroundings } from './network.ts';
import type { OfTasks, TaskRole } from './task.ts';

/** Port of the containers' HTTP server. */
export const CONTAINER_PORT = 8080;
export const DATABASE_PORT = 5432;

/** What a client of the database is called in its group's description. */
const CLIENTS: OfTasks<string> = {
  web: 'Web tasks',
  worker: 'Worker tasks',
  media: 'Media tasks',
  migrate: 'Migration task',
  ops: 'Tasks that people start',
};

export type Group = 'balancer' | 'database' | TaskRole;

export interface FirewallArgs {
  network: Surroundings;
  /** Whether there are media tasks. */
  media: boolean;
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

/** Tasks that call Telegram. */
const SENDERS = ['worker', 'media'] as const;

export class Firewall extends pulumi.ComponentResource {
  readonly groupIds: Record<'balancer' | 'database', pulumi.Output<string>> & OfTasks<pulumi.Output<string>>;
  /** Tasks that speak with the database. */
  readonly clients: readonly TaskRole[];
  /** What must exist before a task can reach anything. */
  readonly rules: pulumi.Resource[] = [];
  readonly #name: string;

  constructor(name: string, args: FirewallArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Firewall', name, {}, options);
    this.#name = name;
    this.clients = (Object.keys(CLIENTS) as TaskRole[]).filter((role) => role !== 'media' || args.media);
    this.groupIds = {
      balancer: this.#group('balancer', args.network, 'Load balancer'),
      ...(Object.fromEntries(
        this.clients.map((role) => [role, this.#group(role, args.network, CLIENTS[role]!)]),
      ) as OfTasks<pulumi.Output<string>>),
      database: this.#group('database', args.network, 'Database'),
    };
    this.#entrance(args.entrance);
    this.#between('balancer', 'web', CONTAINER_PORT);
    for (const role of this.clients) {
      if (args.databasePort === undefined) this.#between(role, 'database', DATABASE_PORT);
      else if (args.databasePort !== 443)
        this.#egress(`${role}-database`, role, { cidrIpv4: '0.0.0.0/0', port: args.databasePort });
      // Telegram, providers, and AWS's own services: names whose addresses change, so the port is what can be held.
      this.#egress(`${role}-https`, role, { cidrIpv4: '0.0.0.0/0', port: 443 });
    }
    const port = portOf(args.telegramApiRoot);
    for (const role of SENDERS.filter((sender) => this.clients.includes(sender)))
      if (port !== 443) this.#egress(`${role}-telegram`, role, { cidrIpv4: '0.0.0.0/0', port });
    // What people want fetched may lie at an address without TLS; to where it may not, the task itself refuses.
    if (args.media && port !== 80) this.#egress('media-http', 'media', { cidrIpv4: '0.0.0.0/0', port: 80 });
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

  #idOf(group: Group): pulumi.Output<string> {
    const id = this.groupIds[group];
    if (!id) throw new Error(`there is no group ${group}`);
    return id;
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
    this.#egress(`${from}-${to}`, from, { referencedSecurityGroupId: this.#idOf(to), port });
    this.#ingress(`${to}-from-${from}`, to, { referencedSecurityGroupId: this.#idOf(from), port });
  }

  #ingress(name: string, group: Group, { port, ...peer }: Peer): void {
    const rule = { securityGroupId: this.#idOf(group), ipProtocol: 'tcp', fromPort: port, toPort: port, ...peer };
    this.rules.push(new aws.vpc.SecurityGroupIngressRule(`${this.#name}-${name}`, rule, { parent: this }));
  }

  #egress(name: string, group: Group, { port, ...peer }: Peer): void {
    const rule = { securityGroupId: this.#idOf(group), ipProtocol: 'tcp', fromPort: port, toPort: port, ...peer };
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
