/** A role of the app as a process of its own, as an orchestrator would run it. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Role } from '../../app/config.ts';
import type { Health } from '../../contract/health.ts';
import { COMPILE_CACHE } from '../../local/platform/compile-cache.ts';
import type { Guard } from '../../local/platform/guard.ts';
import { endChild, startChild, type Child, type Exit } from '../../local/platform/process.ts';
import type { LogLine } from './logs.ts';
import { waitFor } from './wait.ts';

const MAIN = fileURLToPath(new URL('../../app/main.ts', import.meta.url));

export const OPERATOR_TOKEN = 'operator-token-of-the-tests';

export interface TaskProcess {
  readonly role: Role;
  readonly pid: number;
  readonly running: boolean;
  /** Every line of standard output that is JSON. */
  readonly logs: LogLine[];
  /** Everything that was written, both streams, line by line. */
  readonly output: string[];
  readonly exited: Promise<Exit>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL when that does not end it within `timeout` ms. */
  stop(timeout?: number): Promise<Exit>;
  /** Waits for a log line; rejects at once when the process ends without it. */
  logged(message: RegExp, within?: number): Promise<LogLine>;
  /** Where it listens, once it does: `http://127.0.0.1:port`. */
  url(): Promise<string>;
  get(path: string, options?: { operator?: boolean }): Promise<Response>;
  /** The operator's view of `/health`. */
  health(): Promise<Health>;
  /** Waits until `/ready` says yes. */
  ready(within?: number): Promise<void>;
}

export interface TaskOptions {
  guard: Guard;
  env: Record<string, string>;
  /** Arguments for Node itself, such as `--import`. */
  node?: string[];
  /** The program, where it is not this release's. */
  main?: string;
}

export async function startTaskProcess(
  role: Role,
  { guard, env, node = [], main = MAIN }: TaskOptions,
): Promise<TaskProcess> {
  const child = await startChild(process.execPath, [...node, main, role], {
    guard,
    lastSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...COMPILE_CACHE, ...env },
  });
  const output: string[] = [];
  const logs: LogLine[] = [];
  const drained = Promise.all([
    eachLine(child, 'stdout', (line) => {
      output.push(line);
      if (line.startsWith('{')) logs.push(JSON.parse(line) as LogLine);
    }),
    eachLine(child, 'stderr', (line) => void output.push(line)),
  ]);
  const exited = child.exited.then(async (exit) => {
    await drained;
    return exit;
  });

  const seen = (message: RegExp) => logs.find(({ msg }) => message.test(msg));
  async function logged(message: RegExp, within = 60_000): Promise<LogLine> {
    const look = () => seen(message) ?? (child.running ? undefined : 'ended');
    const wrote = () => `it wrote:\n${output.join('\n')}`;
    const line = await waitFor(look, { within, what: () => `${role} to log ${message}; ${wrote()}` });
    if (line === 'ended') await exited;
    const found = seen(message);
    if (!found) throw new Error(`${role} ended without logging ${message}; ${wrote()}`);
    return found;
  }

  async function url(): Promise<string> {
    const { address } = await logged(/^listening$/);
    return `http://127.0.0.1:${(address as { port: number }).port}`;
  }

  async function get(path: string, { operator = false } = {}): Promise<Response> {
    const headers: Record<string, string> = operator ? { authorization: `Bearer ${OPERATOR_TOKEN}` } : {};
    return fetch(`${await url()}${path}`, { headers });
  }

  return {
    role,
    pid: child.pid,
    get running() {
      return child.running;
    },
    logs,
    output,
    exited,
    signal: (signal) => child.signal(signal),
    async stop(timeout = 60_000) {
      await endChild(child, 'SIGTERM', timeout);
      return exited;
    },
    logged,
    url,
    get,
    health: async () => (await get('/health', { operator: true })).json() as Promise<Health>,
    async ready(within = 60_000) {
      await url();
      await waitFor(async () => (await get('/ready')).ok, { within, what: `${role} to be ready` });
    },
  };
}

async function eachLine(child: Child, stream: 'stdout' | 'stderr', take: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: child.process[stream]! })) take(line);
}
