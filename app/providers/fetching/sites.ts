/**
 * Videos of websites by yt-dlp, a program of its own for each: nothing of ours in its environment, one folder that it may
 * write to, and no way out but a proxy that judges where it goes (fault own-network). It and whatever it starts are one
 * process group, which is killed as a whole.
 */
import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Reach } from '../public.ts';
import type { Fetched, FetchRequest } from './http.ts';
import { fileName } from './link.ts';
import { NotFetched, type Why } from './not-fetched.ts';
import { startCheckingProxy, type CheckingProxy } from './proxy.ts';

export interface SiteRequest extends FetchRequest {
  quality: 'best' | 'small' | 'sound';
}

interface Options {
  /** Path of yt-dlp. */
  program: string;
  reach: Reach;
}

/** One file each: two that would have to be put together want a program more, which is larger than all of ours. */
const FORMATS: Record<SiteRequest['quality'], string> = {
  best: 'b[ext=mp4]/b',
  small: 'b[ext=mp4][height<=480]/b[height<=480]/w[ext=mp4]/w',
  sound: 'ba[ext=m4a]/ba',
};

/** Beyond what describes one video, bytes. */
const MOST_SAID = 32 * 2 ** 20;
/** Of what a page and its pieces take beside the file itself. */
const AROUND = 32 * 2 ** 20;
const PROGRESS = 'bytes-so-far';

const described = z.object({
  _type: z.string().nullish(),
  title: z.string().nullish(),
  is_live: z.boolean().nullish(),
  entries: z.array(z.unknown()).nullish(),
});

/** Its own words, and what they come to; the first that fits. */
const WORDS: readonly [RegExp, Why][] = [
  [/HTTP Error 429|too many requests/i, 'crowded'],
  [/HTTP Error (404|410)|been removed|no longer available|does not exist|video unavailable/i, 'gone'],
  [/HTTP Error (401|403|407|451)|not a bot|sign in|log ?in|private video|cookies|in your country|geo/i, 'refused'],
  [/live event|is live/i, 'live'],
  [/unsupported url|no video|no media|requested format|unable to extract|drm/i, 'unsupported'],
  [/name or service not known|getaddrinfo|connection refused|tunnel connection failed/i, 'unreachable'],
];

const whyOf = (said: string): Why => WORDS.find(([words]) => words.test(said))?.[1] ?? 'failed';

function commonArguments(proxy: CheckingProxy): string[] {
  return [
    ...['--ignore-config', '--no-plugin-dirs', '--no-cache-dir', '--no-playlist', '--no-warnings', '--no-mtime'],
    ...['--color', 'never', '--fixup', 'never', '--downloader', 'm3u8:native'],
    ...['--js-runtimes', `node:${process.execPath}`],
    ...['--socket-timeout', '15', '--retries', '2', '--fragment-retries', '2', '--extractor-retries', '1'],
    ...['--proxy', proxy.url],
  ];
}

/** What the program has said, whole lines. */
interface Said {
  code: number | null;
  out: string[];
  errors: string;
}

/** Runs it until it ends, or `signal` ends it. */
async function run(
  program: string,
  args: string[],
  directory: string,
  signal: AbortSignal,
  heard: (line: string) => void,
) {
  signal.throwIfAborted();
  const child = spawn(program, args, {
    cwd: directory,
    env: { HOME: directory, TMPDIR: directory, LANG: 'C.UTF-8' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group is gone.
    }
  };
  signal.addEventListener('abort', kill, { once: true });
  const said: Said = { code: null, out: [], errors: '' };
  let length = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    length += line.length;
    if (length > MOST_SAID) return kill();
    heard(line);
    said.out.push(line);
  });
  child.stderr.on('data', (chunk: Buffer) => (said.errors = (said.errors + chunk.toString()).slice(-8_192)));
  try {
    said.code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
  } finally {
    signal.removeEventListener('abort', kill);
    // Whatever it has started and left behind.
    kill();
  }
  signal.throwIfAborted();
  return said;
}

export function createSites({ program, reach }: Options) {
  async function withProxy<T>(maxBytes: number, work: (proxy: CheckingProxy) => Promise<T>): Promise<T> {
    const proxy = await startCheckingProxy({ reach, maxBytes: maxBytes + AROUND });
    try {
      return await work(proxy);
    } catch (error) {
      // What it was kept from says more than what it made of that.
      const refused = error instanceof NotFetched ? proxy.refused() : undefined;
      throw refused ?? error;
    } finally {
      await proxy.stop();
    }
  }

  /** @throws {NotFetched} the reason of the signal */
  const fetch = ({ link, quality, directory, maxBytes, signal, progress }: SiteRequest): Promise<Fetched> =>
    withProxy(maxBytes, async (proxy) => {
      const common = commonArguments(proxy);
      // A link is no option, whatever it begins with.
      const ask = (...args: string[]) => [...common, ...args, '--', link.href];
      const fail = (why: Why, what: string) => new NotFetched(why, `${link.host}: ${what.trim().slice(-300)}`);

      const first = await run(
        program,
        ask('--dump-single-json', '--flat-playlist'),
        directory,
        signal,
        () => undefined,
      );
      if (first.code !== 0) throw fail(whyOf(first.errors), first.errors);
      const video = described.safeParse(parse(first.out.at(-1))).data;
      if (!video) throw fail('unsupported', 'what is there is not understood');
      if (video._type === 'playlist')
        throw fail((video.entries?.length ?? 0) === 0 ? 'unsupported' : 'several', 'a list');
      if (video.is_live) throw fail('live', 'live');

      const second = await run(
        program,
        ask(
          ...['--format', FORMATS[quality], '--max-filesize', String(maxBytes)],
          ...['--paths', directory, '--output', 'file.%(ext)s', '--no-part'],
          ...['--newline', '--progress', '--progress-template'],
          `download:${PROGRESS} %(progress.downloaded_bytes)s %(progress.total_bytes)s`,
          ...['--no-simulate', '--no-quiet', '--print', 'after_move:filepath'],
        ),
        directory,
        signal,
        (line) => {
          const [, bytes, of] = new RegExp(`${PROGRESS} (\\d+) (\\d+|NA)`).exec(line) ?? [];
          if (bytes !== undefined) progress(Number(bytes), of === 'NA' ? undefined : Number(of));
        },
      );
      if (second.code !== 0) throw fail(whyOf(second.errors), second.errors);
      const path = second.out.findLast((line) => dirname(line) === directory && basename(line).startsWith('file.'));
      if (path === undefined) {
        const isLarge = /larger than max-filesize/i.test(second.out.join('\n') + second.errors);
        throw fail(isLarge ? 'large' : 'failed', `no file: ${second.errors}`);
      }
      const { size } = await stat(path);
      if (size === 0) throw fail('empty', 'nothing in it');
      if (size > maxBytes) throw fail('large', `${size} bytes`);
      const ending = basename(path).slice('file'.length);
      return { path, name: fileName(`${video.title ?? 'video'}${ending}`), size };
    });

  return { fetch };
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
