/** Opens a page for the person at the terminal. */
import { spawn } from 'node:child_process';

/** Only where somebody sits in front of a screen: a terminal, a display, no CI. */
function somebodyWatches(env: NodeJS.ProcessEnv): boolean {
  if (!process.stdout.isTTY || env['CI'] || env['SSH_CONNECTION']) return false;
  return process.platform !== 'linux' || Boolean(env['DISPLAY'] ?? env['WAYLAND_DISPLAY']);
}

export function openBrowser(url: string, env: NodeJS.ProcessEnv = process.env): void {
  if (!somebodyWatches(env)) return;
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  // A system without the program has its address on the screen all the same.
  spawn(program, [url], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref();
}
