/**
 * A stack in Docker: a container of the same image, beside the others and gone afterwards. What it has to be given stands
 * in the container of the migration, which has ended and is still there.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fromLines } from '../../app/ops/lines.ts';
import { whoIsHere } from './here.ts';
import { PlaceError, type Place } from './place.ts';

const run = promisify(execFile);
const WITHIN = 60_000;
const MOST = 32 * 2 ** 20;

interface Failed {
  code?: number | string;
  stdout?: string;
  stderr?: string;
}

interface Inspected {
  Config: { Image: string; Env: string[] };
  NetworkSettings: { Networks: Record<string, unknown> };
}

async function docker(args: string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await run('docker', args, {
    timeout: WITHIN,
    maxBuffer: MOST,
    // What is secret is passed by name: a command line is everybody's to read.
    env: { ...process.env, ...env },
  });
  return stdout;
}

/** @throws {PlaceError} where Docker is not there, or the stack not in it */
async function migration(prefix: string, stack: string): Promise<Inspected> {
  const say = (error: unknown): never => {
    const { code, stderr = '' } = error as Failed;
    if (code === 'ENOENT') throw new PlaceError(`stack ${stack} runs in Docker, and there is no docker command here`);
    throw new PlaceError(`docker says no: ${stderr.trim().split('\n').at(-1) || (error as Error).message}`);
  };
  const found = await docker(['ps', '--all', '--quiet', '--latest', '--filter', `name=^/?${prefix}-migrate`]).catch(
    say,
  );
  const id = found.trim().split('\n')[0];
  if (!id) throw new PlaceError(`stack ${stack} is not in this Docker: pulumi up -s ${stack}`);
  const text = await docker(['inspect', id]).catch(say);
  return (JSON.parse(text) as Inspected[])[0]!;
}

export async function inDocker(prefix: string, stack: string): Promise<Place> {
  const { Config, NetworkSettings } = await migration(prefix, stack);
  const given = new Map(
    Config.Env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const password = given.get('OPERATOR_DATABASE_PASSWORD');
  const [network] = Object.keys(NetworkSettings.Networks);
  if (password === undefined || network === undefined)
    throw new PlaceError(`stack ${stack} is of a release that has no operator yet: pulumi up -s ${stack}`);
  const url = new URL(given.get('DATABASE_URL')!);
  url.username = 'operator';
  url.password = encodeURIComponent(password);
  const env = { DATABASE_URL: url.href, POSTURE: given.get('POSTURE') ?? '{}', OPS_CALLER: whoIsHere() };
  const passed = Object.keys(env).flatMap((name) => ['--env', name]);
  return {
    name: `${stack} in Docker`,
    async ask(args) {
      const started = docker(['run', '--rm', '--network', network, ...passed, Config.Image, 'ops', ...args], env);
      const output = await started.catch((error: unknown) => {
        const { stdout } = error as Failed;
        if (stdout) return stdout;
        throw new PlaceError(`docker says no: ${(error as Failed).stderr?.trim().split('\n').at(-1) ?? String(error)}`);
      });
      const outcome = fromLines(output.split('\n'));
      if (!outcome) throw new PlaceError(`the container ended without an answer: ${output.trim().split('\n').at(-1)}`);
      return outcome;
    },
  };
}
