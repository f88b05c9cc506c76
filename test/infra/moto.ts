/** Starts the stand-in of AWS, in a virtual environment of its own; undefined, with the reason, where Python is missing. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const VENV = join(ROOT, '.evenkeel', 'moto');
export const PYTHON = join(VENV, 'bin', 'python');
/** Written when the environment is whole; one that was left half way is made anew. */
const READY = join(VENV, 'ready');
const PACKAGES = ['moto[server]==5.*', 'boto3'];

const exec = promisify(execFile);

export type Result = Record<string, unknown>;

export interface Moto {
  /** Where it answers, for a client of one's own. */
  endpoint: string;
  /** Calls AWS's API by AWS's own client. Rejects with what the client or the service says. */
  call(service: string, operation: string, params: object): Promise<Result>;
  stop(): Promise<void>;
}

/** Makes the virtual environment, once. Returns why it could not be made. */
export async function prepareMoto(): Promise<string | undefined> {
  if (existsSync(READY)) return undefined;
  mkdirSync(join(ROOT, '.evenkeel'), { recursive: true });
  try {
    await exec('python3', ['-m', 'venv', '--clear', VENV]);
    await exec(PYTHON, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES]);
    writeFileSync(READY, '');
    return undefined;
  } catch (error) {
    const [line = ''] = (error as Error & { stderr?: string }).stderr?.trim().split('\n') ?? [];
    return `no stand-in of AWS: ${line || (error as Error).message}`;
  }
}

export async function startMoto(): Promise<Moto> {
  const child = spawn(PYTHON, [join(import.meta.dirname, 'aws_stand_in.py')], { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-1000)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Result> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the stand-in of AWS has ended: ${complaint}`);
    const { result, error } = JSON.parse(value) as { result?: Result; error?: string };
    if (result === undefined) throw new Error(error);
    return result;
  };
  const { endpoint } = (await answer()) as { endpoint: string };
  return {
    endpoint,
    call(service, operation, params) {
      child.stdin.write(`${JSON.stringify({ service, operation, params })}\n`);
      return answer();
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
