/** Whether a network has an address for everything that is ever in it at once. */
import { peakTasks, rolesOf } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { subnetRange } from './subnets.ts';

/** Addresses of each subnet that AWS keeps for itself (VPC user guide, "Subnet sizing"). */
const KEPT_BY_AWS = 5;
/** What a load balancer wants free in each of its subnets to grow into. */
const BALANCER = 8;
/** A NAT gateway or the migration task, and each interface endpoint. */
const SINGLE = 1;
const ENDPOINTS = 4;

/** Ranges that belong to nobody in the internet (RFC 1918, RFC 6598): from any other, tasks could not reach its owner. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

const toNumber = (address: string): number => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);

const isWithin = (range: string, outer: string): boolean => {
  const [address = '', length = ''] = range.split('/');
  const [outerAddress = '', outerLength = ''] = outer.split('/');
  const size = 2 ** (32 - Number(outerLength));
  const first = toNumber(outerAddress);
  const start = toNumber(address);
  return Number(length) >= Number(outerLength) && start >= first && start < first + size;
};

export const isPrivate = (range: string): boolean => PRIVATE.some((outer) => isWithin(range, outer));

/** Tasks that a deploy may have beside those that are stopping, in the one zone that is left when another is lost. */
function mostTasks(posture: Posture): number {
  return rolesOf(posture).reduce((sum, role) => {
    const { deploying, overlapping, lost } = peakTasks(posture, role);
    return sum + deploying + Math.max(overlapping, lost);
  }, 0);
}

export interface Room {
  /** Addresses that a subnet for tasks has. */
  has: number;
  /** Addresses that it needs at worst. */
  needs: number;
}

/** Room in the fullest subnet. */
export function room(posture: Posture): Room {
  const [, length = ''] = subnetRange(posture.network.cidr, 'public', 0).split('/');
  const endpoints = posture.network.egress === 'endpoints' ? ENDPOINTS : 0;
  return { has: 2 ** (32 - Number(length)) - KEPT_BY_AWS, needs: mostTasks(posture) + BALANCER + SINGLE + endpoints };
}
