/** What fetches files for people, wherever their links lead: by plain HTTP, and from pages by yt-dlp where there is one. */
import type { Reach } from '../public.ts';
import { createFetchClient, WEB_PORTS, type Fetched } from './http.ts';
import { kindOf, type FileKind } from './link.ts';
import { lookupAt } from './names.ts';
import { NotFetched, type Why } from './not-fetched.ts';
import { createSites } from './sites.ts';

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
  /** Path of yt-dlp. Undefined: what is on a page cannot be fetched, and its person is told so. */
  ytDlp?: string | undefined;
}

/** Where it knows ways in that a plain request does not have. */
const FOR_SITES: readonly Why[] = ['page', 'refused'];

function placeOf(text: string): { address: string; port: number } {
  const [address, port] = text.split(':') as [string, string];
  return { address, port: Number(port) };
}

export function createFetching({ also, names, ytDlp }: FetchingOptions): Fetching {
  const reach: Reach = {
    ports: WEB_PORTS,
    ...(also !== undefined && { also: placeOf(also) }),
    ...(names !== undefined && { lookup: lookupAt(names) }),
  };
  const client = createFetchClient(reach);
  const sites = ytDlp === undefined ? undefined : createSites({ program: ytDlp, reach });

  async function fetched(request: Omit<Wanted, 'link'> & { link: URL }): Promise<Fetched> {
    try {
      return await client.fetch(request);
    } catch (error) {
      if (!sites || !(error instanceof NotFetched) || !FOR_SITES.includes(error.why)) throw error;
      return sites.fetch(request);
    }
  }

  return {
    async fetch({ link, ...wanted }) {
      const file = await fetched({ ...wanted, link: new URL(link) });
      return { ...file, kind: kindOf(file.name) };
    },
    close: () => client.close(),
  };
}
