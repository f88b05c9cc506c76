/** What fetches files for people, wherever their links lead: by plain HTTP. */
import { createFetchClient, WEB_PORTS, type Fetched } from './http.ts';
import { kindOf, type FileKind } from './link.ts';
import { lookupAt } from './names.ts';

export interface Wanted {
  link: string;
  quality: 'best' | 'small' | 'sound';
  /** Where it is put; its caller removes it. */
  directory: string;
  /** Bytes at most. */
  maxBytes: number;
  signal: AbortSignal;
  /** Told of each piece: bytes so far, of how many where that is known. */
  progress: (bytes: number, of: number | undefined) => void;
}

export interface Fetching {
  /** @throws {NotFetched} what its person is told */
  fetch(wanted: Wanted): Promise<Fetched & { kind: FileKind }>;
  close(): Promise<void>;
}

export interface FetchingOptions {
  /** `address:port` of the simulated websites, which may be reached though they are of our own network. */
  also?: string | undefined;
  /** `address:port` of the server that knows their names. */
  names?: string | undefined;
}

function placeOf(text: string): { address: string; port: number } {
  const [address, port] = text.split(':') as [string, string];
  return { address, port: Number(port) };
}

export function createFetching({ also, names }: FetchingOptions): Fetching {
  const client = createFetchClient({
    ports: WEB_PORTS,
    ...(also !== undefined && { also: placeOf(also) }),
    ...(names !== undefined && { lookup: lookupAt(names) }),
  });
  return {
    async fetch({ link, ...wanted }) {
      const file = await client.fetch({ ...wanted, link: new URL(link) });
      return { ...file, kind: kindOf(file.name) };
    },
    close: () => client.close(),
  };
}
