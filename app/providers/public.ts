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

/** A port that may not be connected to: no website is there. */
export class OtherPort extends Error {
  override readonly name = 'OtherPort';
  readonly code = 'EHOSTUNREACH';
  constructor(host: string, port: number) {
    super(`${host}: port ${port} is not of a website`);
  }
}

/** How far somebody else's word may lead. */
export interface Reach {
  /** Default: any. */
  ports?: readonly number[];
  /** One place of our own network, with its port, that may be reached all the same: the simulated world of a laptop. */
  also?: { address: string; port: number } | undefined;
  /** Default: as the system resolves names. */
  lookup?: LookupFunction | undefined;
}

const isOwn = (address: string): boolean => {
  const family = isIP(address);
  // A link of this machine, whatever stands before the %.
  if (family === 0 || address.includes('%')) return true;
  return family === 6 ? OWN[6].check(address, 'ipv6') : OWN[4].check(address, 'ipv4');
};

const mayReach = (address: string, port: number, { also }: Reach): boolean =>
  (also?.address === address && also.port === port) || !isOwn(address);

/** Of a name that has any address that may not be reached, none is used. */
const lookupFor =
  (port: number, reach: Reach): LookupFunction =>
  (host, options, found) =>
    (reach.lookup ?? lookup)(host, options, (error, address, family) => {
      const all = typeof address === 'string' ? [address] : (address?.map((one) => one.address) ?? []);
      const own = error ? undefined : all.find((one) => !mayReach(one, port, reach));
      found(own === undefined ? error : new OwnNetwork(host, own), address, family);
    });

/** An address is not looked up. */
const unbracketed = (host: string): string => host.replace(/^\[|\]$/g, '');

/** Why it may not even be looked up. */
function refusal(host: string, port: number, reach: Reach): Error | undefined {
  const isAlso = reach.also?.port === port;
  if (reach.ports && !isAlso && !reach.ports.includes(port)) return new OtherPort(host, port);
  return isIP(host) !== 0 && !mayReach(host, port, reach) ? new OwnNetwork(host, host) : undefined;
}

/**
 * Where a socket may be connected to: its options, with a look-up that judges the addresses that the socket then uses.
 * @param host a name, or an address with or without brackets
 * @throws {OwnNetwork} {OtherPort}
 */
export function publicTarget(host: string, port: number, reach: Reach = {}) {
  const bare = unbracketed(host);
  const refused = refusal(bare, port, reach);
  if (refused) throw refused;
  return { host: bare, port, lookup: lookupFor(port, reach) };
}

/** Connects to public addresses alone. @param timeout ms */
export function publicConnector(timeout: number, reach: Reach = {}): buildConnector.connector {
  const byPort = new Map<number, buildConnector.connector>();
  const connectorFor = (port: number): buildConnector.connector => {
    const found = byPort.get(port) ?? buildConnector({ timeout, lookup: lookupFor(port, reach) });
    if (!reach.ports || reach.ports.includes(port)) byPort.set(port, found);
    return found;
  };
  return (options, connected) => {
    const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80);
    const refused = refusal(unbracketed(options.hostname), port, reach);
    if (refused) connected(refused, null);
    else connectorFor(port)(options, connected);
  };
}
