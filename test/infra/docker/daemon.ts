/** The Docker of this machine, and why the image cannot be built and run with it where it cannot. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { promisify } from 'node:util';
import type { Undo } from '../../harness/cleanup.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** ms. A layer that is fetched for the first time takes its time. */
const BUILD_WITHIN = 150_000;
const PULL_WITHIN = 60_000;

/** A command of Docker's; what it printed. Rejects with what it complained about. */
export async function docker(args: readonly string[], timeout = 20_000): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args, { cwd: ROOT, timeout, maxBuffer: 2 ** 26 });
  return stdout.trim();
}

const lastLine = (error: unknown): string =>
  (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) || (error as Error).message;

const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');

/** Images that the Dockerfile starts from. */
const BASES = [
  ...new Set([...dockerfile.matchAll(/^FROM (?:--platform=\S+ )?(\S+@sha256:\S+)/gm)].map(([, image]) => image!)),
];

/** Why the image cannot be built and run here; undefined where it can. */
export async function whyNoDocker(): Promise<string | undefined> {
  try {
    const info = JSON.parse(await docker(['info', '--format', '{{json .}}'])) as {
      Name?: string;
      SecurityOptions?: string[];
      ServerErrors?: string[];
    };
    if (info.ServerErrors?.length) return `no Docker daemon: ${info.ServerErrors[0]}`;
    // The containers speak to the PostgreSQL and the Telegram of the tests, on this machine's loopback.
    if (info.Name !== hostname()) return `the Docker daemon is on another machine, ${info.Name}`;
    if (info.SecurityOptions?.some((option) => option.includes('rootless')))
      return 'a rootless Docker daemon does not share the network of this machine';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'there is no docker command';
    return `no Docker daemon: ${lastLine(error)}`;
  }
  for (const base of BASES) {
    const why = await whyMissing(base);
    if (why) return `${base} is not here and cannot be pulled: ${why}`;
  }
  return undefined;
}

async function whyMissing(image: string): Promise<string | undefined> {
  try {
    await docker(['image', 'inspect', image]);
    return undefined;
  } catch {
    return docker(['pull', '--quiet', image], PULL_WITHIN).then(() => undefined, lastLine);
  }
}

/** Builds the image by the Dockerfile, under a name that goes when the tests end. Returns the name. */
export async function buildImage(undo: Undo): Promise<string> {
  const name = `evenkeel-test:${process.pid}`;
  undo(() => docker(['image', 'rm', '--force', name]));
  const { args, close } = await authorities();
  try {
    await docker(['build', '--quiet', '--tag', name, ...args, '.'], BUILD_WITHIN);
  } catch (error) {
    throw new Error(`docker build: ${(error as { stderr?: string }).stderr || (error as Error).message}`, {
      cause: error,
    });
  } finally {
    await close();
  }
  return name;
}

/** The Dockerfile's own address of Amazon's authorities; where it is out of reach, Node's authorities in their place. */
async function authorities(): Promise<{ args: string[]; close: () => Promise<void> }> {
  const own = /^ARG RDS_CA=(\S+)$/m.exec(dockerfile)![1]!;
  const reached = await fetch(own, { method: 'HEAD', signal: AbortSignal.timeout(5000) }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (reached) return { args: [], close: () => Promise.resolve() };
  const text = rootCertificates.join('\n');
  const sum = createHash('sha256').update(text).digest('hex');
  const server = createServer((_request, response) => void response.end(text));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/global-bundle.pem`;
  return {
    args: ['--build-arg', `RDS_CA=${url}`, '--build-arg', `RDS_CA_SHA256=${sum}`],
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
