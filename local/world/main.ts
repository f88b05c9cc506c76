/** The outside world as a process of its own: `node local/world/main.ts --help`. */
import { parseArgs } from 'node:util';
import { startOpenRouter } from './provider/index.ts';
import { startTelegram } from './telegram/index.ts';

const HELP = `Runs the simulated Telegram and the simulated OpenRouter, and prints one line of JSON with their addresses.

  --host ADDRESS          address to bind (127.0.0.1)
  --port N                port of Telegram (0: any free one)
  --provider-port N       port of OpenRouter (0: any free one)
  --token TOKEN           the bot's token (a random one); or WORLD_TOKEN in the environment
  --api-key KEY           the key that OpenRouter takes (a random one); or WORLD_API_KEY
  --keep N                messages that a chat keeps in memory (200)
  --time-scale N          how many times faster Telegram's waits pass (1)
  --unlimited             without Telegram's limits of messages a second and a minute
  --provider-latency MS   latency of each of OpenRouter's answers (0)
  --until-stdin-ends      ends when its standard input does, that is with the process that started it

Both take orders under /control/ of their addresses. SIGTERM and SIGINT end it.`;

const OPTIONS = {
  help: { type: 'boolean', short: 'h', default: false },
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '0' },
  'provider-port': { type: 'string', default: '0' },
  token: { type: 'string' },
  'api-key': { type: 'string' },
  keep: { type: 'string', default: '200' },
  'time-scale': { type: 'string', default: '1' },
  'provider-latency': { type: 'string', default: '0' },
  unlimited: { type: 'boolean', default: false },
  'until-stdin-ends': { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return void console.log(HELP);
  const { host } = values;
  const token = values.token ?? process.env['WORLD_TOKEN'];
  const apiKey = values['api-key'] ?? process.env['WORLD_API_KEY'];
  const telegram = await startTelegram({
    host,
    port: number('port', values.port),
    keepMessages: number('keep', values.keep),
    timeScale: number('time-scale', values['time-scale']),
    ...(values.unlimited && { limits: {} }),
    ...(token !== undefined && { botToken: token }),
  });
  const provider = await startOpenRouter({
    host,
    port: number('provider-port', values['provider-port']),
    faults: { latency: number('provider-latency', values['provider-latency']) },
    ...(apiKey !== undefined && { apiKey }),
  }).catch(async (error: unknown) => {
    await telegram.stop();
    throw error;
  });
  const { apiRoot, botToken } = telegram;
  console.log(
    JSON.stringify({ pid: process.pid, apiRoot, botToken, baseUrl: provider.baseUrl, apiKey: provider.apiKey }),
  );
  await toldToEnd(values['until-stdin-ends']);
  await Promise.all([telegram.stop(), provider.stop()]);
  process.stdin.destroy();
}

function toldToEnd(withStdin: boolean): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
    if (withStdin) process.stdin.resume().once('end', () => resolve());
  });
}

function number(name: string, value: string): number {
  if (value.trim() !== '' && Number(value) >= 0) return Number(value);
  throw new Error(`--${name} takes a number, not "${value}"`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
