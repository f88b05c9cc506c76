/** A network that is there already: nothing is made in it here, and everything that is made elsewhere leans on these. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Posture } from '../../posture/schema/index.ts';
import { refusal } from '../refuse.ts';
import type { Surroundings } from './network.ts';

type Vpc = NonNullable<Posture['network']['vpc']>;
type Kind = Exclude<keyof Vpc, 'id'>;
const KINDS: readonly Kind[] = ['taskSubnets', 'balancerSubnets', 'databaseSubnets'];

export interface ForeignNetworkArgs {
  /** `network.vpc`: the VPC, and its subnets for tasks, for the load balancer, for the database. */
  vpc: Vpc;
  /** `public`: tasks get public addresses. `nat`: they have none, and their subnets have a way out of their own. */
  egress: Posture['network']['egress'];
}

export function foreignNetwork({ vpc, egress }: ForeignNetworkArgs): Surroundings {
  const ids = (kind: Kind) => (vpc[kind] ?? []).map((id) => pulumi.output(id));
  const balancerSubnetIds = ids('balancerSubnets');
  return {
    vpcId: pulumi.output(vpc.id),
    publicSubnetIds: balancerSubnetIds,
    isolatedSubnetIds: balancerSubnetIds,
    databaseSubnetIds: ids('databaseSubnets'),
    taskSubnetIds: ids('taskSubnets'),
    assignPublicIp: egress === 'public',
    // None of ours.
    routes: [],
  };
}

/** Zone of a subnet of the VPC. */
async function zoneOf(id: string, vpcId: string, kind: Kind, provider: aws.Provider): Promise<string> {
  try {
    return (await aws.ec2.getSubnet({ id, vpcId }, { provider })).availabilityZoneId;
  } catch (error) {
    // Of several lines, with a star before the one that counts.
    const reason = (error as Error).message.replace(/\s+/g, ' ').trim();
    throw refusal(
      `evenkeel:posture: network.vpc.${kind}: AWS shows no ${id} in ${vpcId}, in this account and region: ${reason}`,
    );
  }
}

/**
 * Looks at a network of somebody else, before anything is made in it or beside it.
 * @throws {pulumi.RunError} a subnet that is not in the VPC, or two of a kind that would be lost together
 */
export async function lookAtNetwork({ network: { vpc } }: Posture, provider: aws.Provider): Promise<void> {
  if (!vpc) return;
  for (const kind of KINDS) {
    const subnets = vpc[kind] ?? [];
    const zones = await Promise.all(subnets.map((id) => zoneOf(id, vpc.id, kind, provider)));
    const shared = zones.find((zone, index) => zones.indexOf(zone) !== index);
    if (shared === undefined) continue;
    const both = subnets.filter((_, index) => zones[index] === shared).join(' and ');
    throw refusal(
      `evenkeel:posture: network.vpc.${kind}: ${both} are both in the zone ${shared}, and would be lost together: name subnets of different zones`,
    );
  }
}
