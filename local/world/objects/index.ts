/**
 * The simulated object store: PUT whole or in pieces, GET by an address that was signed and is not over, DELETE. Bodies go
 * to the disk and come from there as streams.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { ObjectsFaults, ObjectsOptions, SimulatedObjects } from '../../contract/index.ts';
import { command, control, switches, type Commands } from '../control.ts';
import { listen, readBody } from '../http.ts';

const BUCKET = 'files';
/** What completes an upload names its pieces. */
const LIST_LIMIT = 1024 * 1024;

export const objectsFaults = z.strictObject(switches('error', 'hang', 'denied'));

/** Starts it. @throws where the port is taken */
export async function startObjects(options: ObjectsOptions = {}): Promise<SimulatedObjects> {
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-objects-'));
  const store = new Store(directory, options.faults ?? {});
  const server = await listen((...call) => store.handle(...call), options.host ?? '127.0.0.1', options.port ?? 0);
  return {
    endpoint: server.origin,
    bucket: BUCKET,
    region: 'eu-central-1',
    accessKeyId: 'SIMULATED',
    secretAccessKey: 'simulated-secret',
    get faults() {
      return store.faults;
    },
    set faults(faults) {
      store.faults = faults;
    },
    objects: () => [...store.sizes].map(([key, size]) => ({ key, size })),
    stats: () => ({ calls: store.calls, open: store.open.size }),
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const xml = (name: string, body: string) => `<?xml version="1.0" encoding="UTF-8"?>\n<${name}>${body}</${name}>`;

class Store {
  readonly sizes = new Map<string, number>();
  /** Paths of their pieces, by upload. */
  readonly open = new Map<string, Map<number, string>>();
  calls = 0;
  faults: ObjectsFaults;
  readonly #directory: string;
  readonly #files = new Map<string, string>();
  readonly #commands: Commands = {
    'GET faults': command(z.object({}), () => this.faults),
    'PUT faults': command(objectsFaults, (faults) => (this.faults = faults)),
  };

  constructor(directory: string, faults: ObjectsFaults) {
    this.#directory = directory;
    this.faults = faults;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://store');
    if (url.pathname.startsWith('/control/'))
      return control(this.#commands, request, response, url.pathname, url.search.slice(1));
    this.calls += 1;
    if (this.faults.hang) return;
    if (this.faults.error) return this.#refuse(response, 503, 'SlowDown');
    const [, bucket, key] = /^\/([^/]+)\/(.+)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    if (bucket !== BUCKET || key === undefined) return this.#refuse(response, 404, 'NoSuchBucket');
    if (this.faults.denied || !isSigned(request, url.searchParams)) return this.#refuse(response, 403, 'AccessDenied');
    const { searchParams: query } = url;
    const upload = query.get('uploadId');
    if (request.method === 'GET') return this.#give(response, key, query.get('response-content-disposition'));
    if (request.method === 'POST' && query.has('uploads')) return this.#begin(response, key);
    if (upload !== null && !this.open.has(upload)) return this.#refuse(response, 404, 'NoSuchUpload');
    if (request.method === 'POST' && upload !== null) return this.#complete(request, response, key, upload);
    if (request.method === 'DELETE') return this.#remove(response, key, upload);
    if (request.method !== 'PUT') return this.#refuse(response, 405, 'MethodNotAllowed');
    const path = await this.#receive(request);
    if (upload === null) await this.#keep(key, path);
    else this.open.get(upload)!.set(Number(query.get('partNumber')), path);
    response.writeHead(200, { etag: `"${randomUUID()}"` }).end();
  }

  async #receive(request: IncomingMessage): Promise<string> {
    const path = join(this.#directory, randomUUID());
    await pipeline(request, createWriteStream(path));
    return path;
  }

  async #keep(key: string, path: string): Promise<void> {
    const before = this.#files.get(key);
    this.#files.set(key, path);
    this.sizes.set(key, (await stat(path)).size);
    if (before !== undefined) await rm(before, { force: true });
  }

  #begin(response: ServerResponse, key: string): void {
    const upload = randomUUID();
    this.open.set(upload, new Map());
    this.#say(
      response,
      xml('InitiateMultipartUploadResult', `<Bucket>${BUCKET}</Bucket><Key>${key}</Key><UploadId>${upload}</UploadId>`),
    );
  }

  async #complete(request: IncomingMessage, response: ServerResponse, key: string, upload: string): Promise<void> {
    await readBody(request, LIST_LIMIT);
    const pieces = [...this.open.get(upload)!].sort(([a], [b]) => a - b);
    this.open.delete(upload);
    const [first, ...rest] = pieces.map(([, path]) => path);
    for (const path of rest) {
      await appendFile(first!, await readFile(path));
      await rm(path);
    }
    await this.#keep(key, first!);
    this.#say(
      response,
      xml('CompleteMultipartUploadResult', `<Bucket>${BUCKET}</Bucket><Key>${key}</Key><ETag>"x"</ETag>`),
    );
  }

  async #remove(response: ServerResponse, key: string, upload: string | null): Promise<void> {
    const paths = upload === null ? [this.#files.get(key)] : [...(this.open.get(upload)?.values() ?? [])];
    if (upload === null) {
      this.#files.delete(key);
      this.sizes.delete(key);
    } else this.open.delete(upload);
    for (const path of paths) if (path !== undefined) await rm(path, { force: true });
    response.writeHead(204).end();
  }

  async #give(response: ServerResponse, key: string, disposition: string | null): Promise<void> {
    const path = this.#files.get(key);
    if (path === undefined) return this.#refuse(response, 404, 'NoSuchKey');
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': this.sizes.get(key),
      ...(disposition !== null && { 'content-disposition': disposition }),
    });
    await pipeline(createReadStream(path), response).catch(() => undefined);
  }

  #say(response: ServerResponse, body: string): void {
    response.writeHead(200, { 'content-type': 'application/xml' }).end(body);
  }

  #refuse(response: ServerResponse, status: number, code: string): void {
    response
      .writeHead(status, { 'content-type': 'application/xml', connection: 'close' })
      .end(xml('Error', `<Code>${code}</Code>`));
  }
}

/** By a header; or by the address itself, which then has an end. */
function isSigned({ headers }: IncomingMessage, query: URLSearchParams): boolean {
  if (headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')) return true;
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '') ?? [];
  if (year === undefined || !/^[0-9a-f]{64}$/.test(query.get('X-Amz-Signature') ?? '')) return false;
  const began = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Date.now() < began + Number(query.get('X-Amz-Expires')) * 1000;
}
