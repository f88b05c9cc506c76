/** Names of the simulated world, which has a server of its own for them; all others are the system's. */
import { lookup, Resolver } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** ms */
const WITHIN = 5_000;

/** What nobody on the internet is called (RFC 6761). */
const SIMULATED = /\.test\.?$/i;

/** @param server `address:port`, asked for what ends in `.test` */
export function lookupAt(server: string): LookupFunction {
  const resolver = new Resolver({ timeout: WITHIN, tries: 2 });
  resolver.setServers([server]);
  return (host, options, found) => {
    if (!SIMULATED.test(host)) return lookup(host, options, found);
    resolver.resolve4(host, (error, addresses) => {
      if (error) return found(error, '', 4);
      if (options.all)
        return found(
          null,
          addresses.map((address) => ({ address, family: 4 })),
        );
      return found(null, addresses[0]!, 4);
    });
  };
}
