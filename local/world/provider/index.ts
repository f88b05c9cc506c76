/** The simulated OpenRouter: chat completions and the list of models, with faults on demand. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { ProviderFaults, ProviderOptions, SimulatedProvider } from '../../contract/index.ts';
import { Clock } from '../clock.ts';
import { command, control, switches, type Commands } from '../control.ts';
import { listen, readBody, sendJson } from '../http.ts';
import { completion } from './completion.ts';
import { completionRequest } from './request.ts';
import { stream } from './stream.ts';

const PATH = '/api/v1';
const BODY_LIMIT = 8 * 1024 * 1024;
/** What a 429 asks for, s. */
const RETRY_AFTER = 1;
const MODELS = ['openrouter/auto', 'simulated/echo'];

export const faultsSchema = z.strictObject({
  ...switches('error', 'hang', 'rateLimit', 'blank', 'empty', 'breaksOff'),
  ...switches('stalls', 'cuts', 'declines', 'noUsage', 'overcounts'),
  latency: z.number().min(0).exactOptional(),
  pace: z.number().min(0).exactOptional(),
});

/** An error in OpenRouter's shape. */
class ProviderError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Starts the provider. @throws where the port is taken */
export async function startOpenRouter(options: ProviderOptions = {}): Promise<SimulatedProvider> {
  const simulation = new Simulation(options);
  const server = await listen((...call) => simulation.handle(...call), options.host ?? '127.0.0.1', options.port ?? 0);
  return {
    baseUrl: `${server.origin}${PATH}`,
    apiKey: simulation.apiKey,
    get faults() {
      return simulation.faults;
    },
    set faults(faults) {
      simulation.faults = faults;
    },
    stats: () => ({ ...simulation.counters }),
    async stop() {
      simulation.clock.stop();
      await server.stop();
    },
  };
}

class Simulation {
  readonly apiKey: string;
  readonly clock = new Clock();
  readonly counters = { calls: 0, failed: 0, inFlight: 0 };
  readonly pace: number;
  faults: ProviderFaults;
  readonly #commands: Commands = {
    'GET faults': command(z.object({}), () => this.faults),
    'PUT faults': command(faultsSchema, (faults) => (this.faults = faults)),
    'GET stats': command(z.object({}), () => this.counters),
  };

  constructor({ apiKey, pace, faults }: ProviderOptions) {
    this.pace = pace ?? 0;
    this.apiKey = apiKey ?? `sk-or-v1-${randomBytes(32).toString('hex')}`;
    this.faults = faults ?? {};
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path, query = ''] = request.url!.split('?', 2) as [string, string?];
    if (path.startsWith('/control/')) return control(this.#commands, request, response, path, query);
    this.counters.calls++;
    this.counters.inFlight++;
    response.once('close', () => this.counters.inFlight--);
    try {
      const answer = await this.#answer(request, response, path);
      if (answer) sendJson(response, 200, JSON.stringify(answer));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      this.counters.failed++;
      const headers = error.code === 429 ? { 'retry-after': String(RETRY_AFTER) } : {};
      sendJson(response, error.code, JSON.stringify({ error: { code: error.code, message: error.message } }), headers);
    }
  }

  /** Undefined: none, ever, or it was streamed. */
  async #answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<object | undefined> {
    const body = await readBody(request, BODY_LIMIT);
    const route = `${request.method} ${path}`;
    if (route === `GET ${PATH}/models`) return { data: MODELS.map((id) => ({ id, name: id, context_length: 32_768 })) };
    if (route !== `POST ${PATH}/chat/completions`) throw new ProviderError(404, `no ${route} here`);
    if (request.headers.authorization !== `Bearer ${this.apiKey}`)
      throw new ProviderError(401, 'No auth credentials found');
    const { latency, hang, error, rateLimit, blank, empty, breaksOff } = this.faults;
    if (latency) await new Promise<void>((resolve) => void this.clock.afterReal(latency, resolve));
    if (hang) return undefined;
    if (error) throw new ProviderError(500, 'Internal Server Error');
    if (rateLimit) throw new ProviderError(429, 'Rate limit exceeded');
    if (empty) throw new ProviderError(402, 'Insufficient credits');
    const asked = parse(body.toString());
    if (breaksOff && !asked.stream) return { error: { code: 502, message: 'Upstream error from the provider' } };
    const answer = completion(asked, blank ? '\u200b\u2800' : undefined);
    if (!asked.stream) return answer;
    const { clock, faults } = this;
    return stream(response, answer, { clock, faults, pace: faults.pace ?? this.pace }).then(() => undefined);
  }
}

function parse(text: string) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProviderError(400, 'The body is not JSON');
  }
  const parsed = completionRequest.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ProviderError(400, z.prettifyError(parsed.error).replaceAll('\n', ' '));
}
