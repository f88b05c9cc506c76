/** A simulation in another process: starting it, and telling it what to do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type {
  ChatMessage,
  Flood,
  FloodReport,
  ProviderFaults,
  TelegramFaults,
  TelegramLimits,
  TelegramStats,
} from '../contract/index.ts';

/** How long the process may take to start and to end, ms. */
const START_WITHIN = 15_000;
const STOP_WITHIN = 5_000;
/** MiB; at thousands of sends a second the default would have it collect garbage a fifth of the time. */
const YOUNG_SPACE = '--max-semi-space-size=64';

/** Orders to a simulated Telegram by its control endpoints, as the methods of SimulatedTelegram. */
export interface RemoteTelegram {
  say(chatId: number, text: string, firstName?: string): Promise<number>;
  edit(chatId: number, messageId: number, text: string): Promise<number>;
  tap(chatId: number, messageId: number, data: string): Promise<number>;
  preCheckout(chatId: number, payload: string): Promise<number>;
  open(chatId: number): Promise<void>;
  chats(): Promise<number[]>;
  messages(chatId: number): Promise<ChatMessage[]>;
  faults(): Promise<TelegramFaults>;
  setFaults(faults: TelegramFaults): Promise<void>;
  setLimits(limits: TelegramLimits): Promise<TelegramLimits>;
  stats(): Promise<TelegramStats>;
  flood(flood: Flood): Promise<void>;
  floodReport(): Promise<FloodReport>;
  floodAcknowledged(): Promise<number[]>;
  resetFlood(): Promise<void>;
}

/** `apiRoot` as the simulation printed it. */
export function remoteTelegram(apiRoot: string): RemoteTelegram {
  const order = orders(apiRoot);
  const updateId = async (name: string, input: object) =>
    (await order<{ updateId: number }>('POST', name, input)).updateId;
  return {
    say: (chatId, text, firstName) => updateId('say', { chatId, text, ...(firstName !== undefined && { firstName }) }),
    edit: (chatId, messageId, text) => updateId('edit', { chatId, messageId, text }),
    tap: (chatId, messageId, data) => updateId('tap', { chatId, messageId, data }),
    preCheckout: (chatId, payload) => updateId('pre-checkout', { chatId, payload }),
    open: (chatId) => order('POST', 'open', { chatId }),
    chats: () => order('GET', 'chats'),
    messages: (chatId) => order('GET', `messages?chatId=${chatId}`),
    faults: () => order('GET', 'faults'),
    setFaults: (faults) => order('PUT', 'faults', faults),
    setLimits: (limits) => order('PUT', 'limits', limits),
    stats: () => order('GET', 'stats'),
    flood: (flood) => order('POST', 'flood', flood),
    floodReport: () => order('GET', 'flood'),
    floodAcknowledged: () => order('GET', 'flood/acknowledged'),
    resetFlood: () => order('DELETE', 'flood'),
  };
}

/** The same for a simulated provider. */
export function remoteProvider(baseUrl: string) {
  const order = orders(new URL(baseUrl).origin);
  return {
    setFaults: (faults: ProviderFaults) => order<ProviderFaults>('PUT', 'faults', faults),
    stats: () => order<{ calls: number; failed: number; inFlight: number }>('GET', 'stats'),
  };
}

function orders(origin: string) {
  return async <T>(method: string, name: string, input?: object): Promise<T> => {
    const response = await fetch(`${origin}/control/${name}`, {
      method,
      ...(input && { body: JSON.stringify(input), headers: { 'content-type': 'application/json' } }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} /control/${name}: ${(answer as { error: string }).error}`);
    return answer as T;
  };
}

/** What the process prints. */
export interface WorldAddresses {
  pid: number;
  apiRoot: string;
  botToken: string;
  baseUrl: string;
  apiKey: string;
}

export interface WorldProcess extends WorldAddresses {
  telegram: RemoteTelegram;
  provider: ReturnType<typeof remoteProvider>;
  stop(): Promise<void>;
}

/**
 * Starts `local/world/main.ts` with `args`; it ends with this process at the latest.
 * @throws where it does not start within 15 s
 */
export async function spawnWorld(args: readonly string[] = []): Promise<WorldProcess> {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const command = [YOUNG_SPACE, main, '--until-stdin-ends', ...args];
  const child = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([
    once(lines, 'line', { signal: AbortSignal.timeout(START_WITHIN) }).then(([line]) => line as string),
    exited.then(() => undefined),
  ]).catch(() => undefined);
  if (first === undefined) {
    child.kill('SIGKILL');
    throw new Error('the simulated world did not start: its reason is printed above');
  }
  const addresses = JSON.parse(first) as WorldAddresses;
  return {
    ...addresses,
    telegram: remoteTelegram(addresses.apiRoot),
    provider: remoteProvider(addresses.baseUrl),
    async stop() {
      const killer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN);
      child.kill('SIGTERM');
      await exited;
      clearTimeout(killer);
      lines.close();
    },
  };
}
