/**
 * The simulated websites that files are fetched from: ordinary ones, and those that mean harm or have no end. Their names
 * end in `media.test` and are known to their own server of names alone.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { MediaFaults, MediaOptions, SimulatedMedia } from '../../contract/index.ts';
import { command, control, switches, type Commands } from '../control.ts';
import { listen } from '../http.ts';
import { CREDENTIALS, startNames } from './names.ts';

const NAME = 'media.test';
const KiB = 1024;
const MiB = 1024 * KiB;
const CHUNK = 64 * KiB;
/** Between two drops of what drips, ms. */
const DRIP = 200;

export const mediaFaults = z.strictObject({
  ...switches('error', 'hang', 'rateLimit', 'refuses', 'tears'),
  pace: z.number().min(1).exactOptional(),
});

/** What a file is, by its path; each is whole, and the same every time. */
const FILES: Readonly<Record<string, { size: number; type: string; what: string }>> = {
  '/clip.mp4': { size: 300 * KiB, type: 'video/mp4', what: 'a short video' },
  '/song.mp3': { size: 120 * KiB, type: 'audio/mpeg', what: 'a song' },
  '/my%20song%20(1).mp3': { size: 120 * KiB, type: 'audio/mpeg', what: 'a song with blanks in its name' },
  '/paper.pdf': { size: 40 * KiB, type: 'application/pdf', what: 'a paper' },
  '/film.mp4': { size: 60 * MiB, type: 'video/mp4', what: 'a film, too large for Telegram' },
  '/nothing.mp4': { size: 0, type: 'video/mp4', what: 'an empty file' },
};

/** What is no file, by its path. */
const OTHERS: Readonly<Record<string, string>> = {
  '/moved.mp4': 'a file that has moved',
  '/page': 'a page with one video',
  '/pages': 'a page with several videos',
  '/list.m3u8': 'a playlist',
  '/endless.mp4': 'a body without an end',
  '/bomb.mp4': 'a few kilobytes that unpack to gigabytes',
  '/five-gigabytes.mp4': 'a file that says it has 5 GB',
  '/drip.mp4': 'a file that comes in drops',
  '/circles': 'a link that leads in circles',
  '/to-credentials.mp4': 'a link that leads to where a cloud keeps credentials',
  '/to-loopback.mp4': 'a link that leads to this machine',
  '/to-nowhere.mp4': 'a link that leads to a name that is not there',
  '/strange.mp4': 'a file that is packed as nobody packs',
};

/** A name of its own, a path of the same file. */
const NAMES: Readonly<Record<string, string>> = {
  [`inside.${NAME}`]: 'a name that leads to where a cloud keeps credentials',
  [`rebind.${NAME}`]: 'a name that is elsewhere the second time',
};

const PAGE = (body: string) => `<!doctype html><title>A page of media.test</title>${body}`;
const VIDEO = (path: string) => `<video controls src="${path}"></video>`;

/** Starts it. @throws where the port is taken */
export async function startMedia(options: MediaOptions = {}): Promise<SimulatedMedia> {
  const host = options.host ?? '127.0.0.1';
  const simulation = new Simulation(options.faults ?? {});
  const server = await listen((...call) => simulation.handle(...call), host, options.port ?? 0);
  const names = await startNames(host, NAME);
  const { port } = new URL(server.origin);
  const origin = `http://${NAME}:${port}`;
  return {
    origin,
    address: `${host}:${port}`,
    names: names.address,
    get faults() {
      return simulation.faults;
    },
    set faults(faults) {
      simulation.faults = faults;
    },
    samples: () => [
      ...Object.entries(FILES).map(([path, { what }]) => ({ link: `${origin}${path}`, what })),
      ...Object.entries(OTHERS).map(([path, what]) => ({ link: `${origin}${path}`, what })),
      ...Object.entries(NAMES).map(([name, what]) => ({ link: `http://${name}:${port}/moved.mp4`, what })),
    ],
    stats: () => ({ ...simulation.counters }),
    async stop() {
      simulation.ending.abort();
      await Promise.all([server.stop(), names.stop()]);
    },
  };
}

class Simulation {
  readonly ending = new AbortController();
  readonly counters = { calls: 0, bytes: 0, inFlight: 0 };
  faults: MediaFaults;
  readonly #commands: Commands = {
    'GET faults': command(z.object({}), () => this.faults),
    'PUT faults': command(mediaFaults, (faults) => (this.faults = faults)),
    'GET stats': command(z.object({}), () => this.counters),
  };

  constructor(faults: MediaFaults) {
    this.faults = faults;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path, query = ''] = request.url!.split('?', 2) as [string, string?];
    if (path.startsWith('/control/')) return control(this.#commands, request, response, path, query);
    this.counters.calls += 1;
    this.counters.inFlight += 1;
    response.once('close', () => (this.counters.inFlight -= 1));
    const { error, hang, rateLimit, refuses } = this.faults;
    if (hang) return;
    if (error || rateLimit || refuses) return void response.writeHead(error ? 503 : rateLimit ? 429 : 403).end();
    const file = FILES[path];
    if (file) return this.#file(response, file.type, file.size);
    await this.#other(path, request, response);
  }

  async #other(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { port } = new URL(`http://${request.headers.host ?? 'x'}`);
    const to = (location: string) => void response.writeHead(302, { location }).end();
    const page = (body: string) => void response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE(body));
    if (path === '/moved.mp4') return to('/clip.mp4');
    if (path === '/circles') return to('/circles');
    if (path === '/to-credentials.mp4') return to(`http://${CREDENTIALS}/v2/credentials`);
    // Another port than the one that may be reached.
    if (path === '/to-loopback.mp4') return to(`http://127.0.0.1:${Number(port) === 80 ? 8080 : 80}/`);
    if (path === '/to-nowhere.mp4') return to(`http://nowhere.test/clip.mp4`);
    if (path === '/page') return page(VIDEO('/clip.mp4'));
    if (path === '/pages') return page(VIDEO('/clip.mp4') + VIDEO('/moved.mp4'));
    if (path === '/list.m3u8') {
      const list = '#EXTM3U\n#EXTINF:10,\n/clip.mp4\n#EXTINF:10,\n/moved.mp4\n';
      return void response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(list);
    }
    if (path === '/endless.mp4') return this.#file(response, 'video/mp4', undefined);
    if (path === '/five-gigabytes.mp4') return this.#file(response, 'video/mp4', 5 * 1024 * MiB);
    if (path === '/bomb.mp4') return this.#bomb(response);
    if (path === '/strange.mp4')
      return void response.writeHead(200, { 'content-type': 'video/mp4', 'content-encoding': 'gzip, gzip' }).end('x');
    if (path === '/drip.mp4') return this.#drip(response);
    response.writeHead(404).end();
  }

  /** @param size undefined: without an end */
  async #file(response: ServerResponse, type: string, size: number | undefined): Promise<void> {
    response.writeHead(200, { 'content-type': type, ...(size !== undefined && { 'content-length': size }) });
    for (let at = 0; at < (size ?? Infinity); at += CHUNK) {
      const chunk = Buffer.alloc(Math.min(CHUNK, (size ?? Infinity) - at), 0x5a);
      if (this.faults.tears && at > 0) return void response.destroy();
      if (this.faults.pace !== undefined) await this.#pause((chunk.length * 1000) / this.faults.pace);
      if (response.destroyed) return;
      this.counters.bytes += chunk.length;
      if (!response.write(chunk)) await this.#drained(response);
      if (response.destroyed) return;
    }
    response.end();
  }

  /** Pieces that are whole in themselves: unpacked one after the other, for ever. */
  async #bomb(response: ServerResponse): Promise<void> {
    const piece = gzipSync(Buffer.alloc(8 * MiB));
    response.writeHead(200, { 'content-type': 'video/mp4', 'content-encoding': 'gzip' });
    while (!response.destroyed) {
      this.counters.bytes += piece.length;
      if (!response.write(piece)) await this.#drained(response);
      await this.#pause(1);
    }
  }

  async #drip(response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': MiB });
    while (!response.destroyed && !this.ending.signal.aborted) {
      response.write('.');
      await this.#pause(DRIP);
    }
  }

  #pause = (milliseconds: number): Promise<void> =>
    sleep(milliseconds, undefined, { signal: this.ending.signal }).catch(() => undefined);

  #drained = async (response: ServerResponse): Promise<void> => {
    while (response.writableNeedDrain && !response.destroyed) await this.#pause(5);
  };
}
