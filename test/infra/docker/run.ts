/** A container of the image, run as infra/docker declares it, on the network of this machine. */
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Guard } from '../../../local/platform/guard.ts';
import { startChild, type Exit } from '../../../local/platform/process.ts';
import { cleanup, type Owner } from '../../harness/cleanup.ts';
import type { LogLine } from '../../harness/logs.ts';
import { waitFor } from '../../harness/wait.ts';
import type { Declared } from './collect.ts';
import { docker } from './daemon.ts';

type Inputs = Declared['inputs'];

/** The declared limits and rights, in the words of `docker run`. */
export function flagsOf(inputs: Inputs): string[] {
  const { tmpfs, capabilities, ulimits } = inputs as {
    tmpfs: Record<string, string>;
    capabilities: { drops: string[] };
    ulimits: { name: string; soft: number; hard: number }[];
  };
  return [
    ...(inputs['init'] === true ? ['--init'] : []),
    ...(inputs['readOnly'] === true ? ['--read-only'] : []),
    ...Object.entries(tmpfs).flatMap(([path, options]) => ['--tmpfs', `${path}:${options}`]),
    ...capabilities.drops.flatMap((right) => ['--cap-drop', right]),
    ...(inputs['securityOpts'] as string[]).flatMap((option) => ['--security-opt', option]),
    ...ulimits.flatMap(({ name, soft, hard }) => ['--ulimit', `${name}=${soft}:${hard}`]),
    ...['--memory', `${String(inputs['memory'])}m`, '--memory-swap', `${String(inputs['memorySwap'])}m`],
    ...['--cpus', String(inputs['cpus']), '--stop-timeout', String(inputs['stopTimeout'])],
  ];
}

export interface RunningContainer {
  readonly name: string;
  readonly logs: LogLine[];
  readonly output: string[];
  readonly exited: Promise<Exit>;
  logged(message: RegExp, within?: number): Promise<LogLine>;
  /** Where it listens, once it does. */
  url(): Promise<string>;
  ready(within?: number): Promise<void>;
  /** Runs a command inside and gives its exit code. */
  exec(command: readonly string[]): Promise<number>;
}

export interface ContainerOptions {
  guard: Guard;
  image: string;
  flags: string[];
  env: Record<string, string>;
  command: string[];
}

/** Starts it. It is gone with its owner; when this program dies it is told to end. */
export async function runContainer(owner: Owner, options: ContainerOptions): Promise<RunningContainer> {
  const { guard, image, flags, env, command } = options;
  const name = `evenkeel-test-${randomBytes(5).toString('hex')}`;
  // By name alone: the values go through the environment of the client, and stand in no command line.
  const names = Object.keys(env).flatMap((key) => ['--env', key]);
  const child = await startChild(
    'docker',
    ['run', '--rm', '--name', name, '--network', 'host', ...flags, ...names, image, ...command],
    { guard, lastSignal: 'SIGTERM', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
  );
  const output: string[] = [];
  const logs: LogLine[] = [];
  const read = [child.process.stdout!, child.process.stderr!].map(async (input) => {
    for await (const line of createInterface({ input })) {
      output.push(line);
      if (line.startsWith('{')) logs.push(JSON.parse(line) as LogLine);
    }
  });
  const exited = child.exited.then(async (exit) => {
    await Promise.all(read);
    return exit;
  });
  cleanup(owner)(async () => {
    if (child.running) await docker(['rm', '--force', name]);
    await exited;
  });

  async function logged(message: RegExp, within = 60_000): Promise<LogLine> {
    const seen = () => logs.find(({ msg }) => message.test(msg));
    await waitFor(() => seen() ?? !child.running, {
      within,
      what: `a log line ${message}; it wrote:\n${output.join('\n')}`,
    });
    if (!child.running) await exited;
    const line = seen();
    if (!line) throw new Error(`it ended without logging ${message}; it wrote:\n${output.join('\n')}`);
    return line;
  }
  async function url(): Promise<string> {
    const { address } = await logged(/^listening$/);
    return `http://127.0.0.1:${(address as { port: number }).port}`;
  }
  return {
    name,
    logs,
    output,
    exited,
    logged,
    url,
    async ready(within = 60_000) {
      const origin = await url();
      await waitFor(async () => (await fetch(`${origin}/ready`)).ok, { within, what: `${name} to be ready` });
    },
    exec: (inside) =>
      docker(['exec', name, ...inside]).then(
        () => 0,
        ({ code }: { code: number }) => code,
      ),
  };
}
