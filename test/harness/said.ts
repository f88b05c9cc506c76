/** A fixture that runs as a process of its own, and what it says on its standard output. */
import type { Guard } from '../../local/platform/guard.ts';
import { startChild } from '../../local/platform/process.ts';

export async function startSaying(guard: Guard, program: string, ...args: string[]) {
  const child = await startChild(process.execPath, [program, ...args], {
    guard,
    lastSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {},
  });
  let said = '';
  child.process.stdout!.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  return { child, said: () => said };
}
