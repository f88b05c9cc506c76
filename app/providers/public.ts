/**
 * What is connected to where somebody else has named the address: the public internet, and nothing of our own network,
 * whatever a name leads to by the time it is asked for (fault own-network).
 */
import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

function ranges(family: 'ipv4' | 'ipv6', ...networks: [string, number][]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, family);
  return list;
}

/** By the registries of IANA: what a machine, a network or a cloud has for itself, and what nobody has. */
const OWN = {
  4: ranges(
    'ipv4',
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    // Also where a cloud tells a machine its credentials.
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['224.0.0.0', 3],
  ),
  // All but 2000::/3, which public addresses are of; and of that, what leads on to an address of IPv4.
  6: ranges('ipv6', ['::', 3], ['4000::', 2], ['8000::', 1], ['2001::', 32], ['2002::', 16]),
};

/** The address of a host that may not be connected to. */
export class OwnNetwork extends Error {
  override readonly name = 'OwnNetwork';
  /** As of a host that is not there: nothing was sent. */
  readonly code = 'EHOSTUNREACH';
  constructor(host: string, address: string) {
    super(`${host} is at ${address}, which is not of the public internet`);
  }
}

const isOwn = (address: string): boolean =>
  isIP(address) === 6 ? OWN[6].check(address, 'ipv6') : OWN[4].check(address, 'ipv4');

/** Of one that has any such address, none is used. */
const publicLookup: LookupFunction = (host, options, found) =>
  lookup(host, options, (error, address, family) => {
    const all = typeof address === 'string' ? [address] : (address?.map((one) => one.address) ?? []);
    const own = error ? undefined : all.find(isOwn);
    found(own === undefined ? error : new OwnNetwork(host, own), address, family);
  });

/** Connects to public addresses alone. @param timeout ms */
export function publicConnector(timeout: number): buildConnector.connector {
  const connect = buildConnector({ timeout, lookup: publicLookup });
  return (options, connected) => {
    const host = options.hostname.replace(/^\[|\]$/g, '');
    // An address is not looked up.
    if (isIP(host) === 0 || !isOwn(host)) connect(options, connected);
    else connected(new OwnNetwork(host, host), null);
  };
}
