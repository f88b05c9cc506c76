/**
 * The simulated Novita: renders that are asked for, looked at and fetched, with its real faults: slow, failed after it was
 * asked for, an answer or a callback that is lost, a prompt that is declined, an account that is empty, a result that is
 * gone or comes in drips.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { NovitaFaults, NovitaOptions, NovitaTask, SimulatedNovita } from '../../contract/index.ts';
import { Clock } from '../clock.ts';
import { command, control, switches, type Commands } from '../control.ts';
import { listen, readBody, sendJson } from '../http.ts';
import { picture, video } from './results.ts';

const BODY_LIMIT = 1024 * 1024;
/** Words that it does not render. */
const DECLINED = /\bforbidden\b/i;
/** Of a result that comes in drips: bytes, and the pause between two of them, ms. */
const DRIP = { bytes: 256, pause: 250 };
/** Longest wait for the answer to a callback, ms. */
const CALLBACK_WITHIN = 5_000;

export const novitaFaults = z.strictObject({
  ...switches(
    'error',
    'hang',
    'rateLimit',
    'empty',
    'loseAnswers',
    'loseCallbacks',
    'fails',
    'forgets',
    'resultGone',
    'drips',
  ),
  slow: z.number().min(0).exactOptional(),
});

const webhook = z.object({ webhook: z.object({ url: z.url() }).optional() }).optional();
const image = z.object({
  extra: webhook,
  request: z.object({ model_name: z.string().min(1), prompt: z.string().min(1).max(1024) }),
});
const clip = z.object({
  extra: webhook,
  model_name: z.string().min(1),
  prompts: z.array(z.object({ prompt: z.string().min(1).max(1024), frames: z.int().min(8).max(64) })).min(1),
});

interface Task extends NovitaTask {
  made: number;
  callback: string | undefined;
  /** What became of it by hand, or when it was made. */
  fate: 'failed' | 'moderated' | 'done' | undefined;
  told: boolean;
}

class Refused extends Error {
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
    this.reason = reason;
  }
}

/** Starts it. @throws where the port is taken */
export async function startNovita(options: NovitaOptions = {}): Promise<SimulatedNovita> {
  const simulation = new Simulation(options);
  const server = await listen((...call) => simulation.handle(...call), options.host ?? '127.0.0.1', options.port ?? 0);
  simulation.origin = server.origin;
  return {
    baseUrl: server.origin,
    apiKey: simulation.apiKey,
    get faults() {
      return simulation.faults;
    },
    set faults(faults) {
      simulation.faults = faults;
    },
    tasks: () => simulation.tasks(),
    finish: (id, fate) => simulation.finish(id, fate),
    stats: () => ({ ...simulation.counters }),
    async stop() {
      simulation.clock.stop();
      simulation.ending.abort();
      await server.stop();
      await Promise.all(simulation.telling);
    },
  };
}

class Simulation {
  readonly apiKey: string;
  readonly clock = new Clock();
  readonly ending = new AbortController();
  readonly telling = new Set<Promise<void>>();
  readonly counters = { calls: 0, submitted: 0, fetched: 0, callbacks: 0, inFlight: 0 };
  origin = '';
  faults: NovitaFaults;
  readonly #takes: Record<'image' | 'video', number>;
  readonly #bytes: number;
  readonly #tasks = new Map<string, Task>();
  readonly #commands: Commands = {
    'GET faults': command(z.object({}), () => this.faults),
    'PUT faults': command(novitaFaults, (faults) => (this.faults = faults)),
    'GET stats': command(z.object({}), () => this.counters),
    'GET tasks': command(z.object({}), () => this.tasks()),
  };

  constructor({ apiKey, faults, takes, videoBytes }: NovitaOptions) {
    this.apiKey = apiKey ?? `sk_${randomBytes(24).toString('base64url')}`;
    this.faults = faults ?? {};
    this.#takes = { image: takes?.image ?? 4_000, video: takes?.video ?? 12_000 };
    this.#bytes = videoBytes ?? 512 * 1024;
  }

  tasks(): NovitaTask[] {
    return [...this.#tasks.values()].map((task) => ({
      id: task.id,
      kind: task.kind,
      prompt: task.prompt,
      status: this.#statusOf(task),
    }));
  }

  finish(id: string, fate: 'done' | 'failed' | 'moderated'): void {
    const task = this.#tasks.get(id);
    if (!task || this.#percentOf(task) >= 100) throw new RangeError(`${id} is not under way`);
    task.fate = fate;
    this.#tell(task);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path, query = ''] = request.url!.split('?', 2) as [string, string?];
    if (path.startsWith('/control/')) return control(this.#commands, request, response, path, query);
    this.counters.calls++;
    this.counters.inFlight++;
    response.once('close', () => this.counters.inFlight--);
    const body = await readBody(request, BODY_LIMIT);
    if (path.startsWith('/results/')) return this.#result(path.slice('/results/'.length), response);
    try {
      const answer = this.#answer(`${request.method} ${path}`, request, body, new URLSearchParams(query));
      if (answer) sendJson(response, 200, JSON.stringify(answer));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const said = {
        code: error.status,
        reason: error.reason,
        message: error.reason.toLowerCase().replaceAll('_', ' '),
      };
      sendJson(response, error.status, JSON.stringify({ ...said, metadata: {} }));
    }
  }

  /** Undefined: none, ever. */
  #answer(route: string, request: IncomingMessage, body: Buffer, query: URLSearchParams): object | undefined {
    if (request.headers.authorization !== `Bearer ${this.apiKey}`) throw new Refused(401, 'INVALID_API_KEY');
    const { error, hang, rateLimit } = this.faults;
    if (hang) return undefined;
    if (error) throw new Refused(500, 'UNKNOWN');
    if (rateLimit) throw new Refused(429, 'RATE_LIMIT_EXCEEDED');
    if (route === 'POST /v3/async/txt2img') {
      const { extra, request: wanted } = read(image, body);
      return this.#submit('image', wanted.prompt, extra?.webhook?.url);
    }
    if (route === 'POST /v3/async/txt2video') {
      const { extra, prompts } = read(clip, body);
      return this.#submit('video', prompts.map(({ prompt }) => prompt).join('; '), extra?.webhook?.url);
    }
    if (route === 'GET /v3/async/task-result') {
      const task = this.#tasks.get(query.get('task_id') ?? '');
      if (!task || this.faults.forgets) throw new Refused(404, 'TASK_NOT_FOUND');
      return this.#wire(task);
    }
    throw new Refused(404, 'NOT_FOUND');
  }

  #submit(kind: 'image' | 'video', prompt: string, callback: string | undefined): object | undefined {
    if (DECLINED.test(prompt)) throw new Refused(400, 'ILLEGAL_PROMPT');
    if (this.faults.empty) throw new Refused(403, 'NOT_ENOUGH_BALANCE');
    const id = randomUUID();
    this.counters.submitted++;
    const task: Task = { id, kind, prompt, status: '', made: this.clock.now(), callback, fate: undefined, told: false };
    this.#tasks.set(id, task);
    this.#whenDone(task);
    return this.faults.loseAnswers ? undefined : { task_id: id };
  }

  #lasts = ({ kind }: Task): number => this.#takes[kind] * (this.faults.slow ?? 1);

  #whenDone(task: Task): void {
    this.clock.afterReal(Math.max(0, this.#lasts(task) - (this.clock.now() - task.made)), () => {
      if (task.fate !== undefined) return;
      // It has become slower meanwhile.
      if (this.clock.now() - task.made < this.#lasts(task) - 1) return this.#whenDone(task);
      task.fate = this.faults.fails ? 'failed' : /\bnude\b/i.test(task.prompt) ? 'moderated' : 'done';
      this.#tell(task);
    });
  }

  #percentOf(task: Task): number {
    if (task.fate !== undefined) return 100;
    return Math.min(99, Math.floor(((this.clock.now() - task.made) * 100) / this.#lasts(task)));
  }

  #statusOf(task: Task): string {
    if (task.fate === undefined) return this.#percentOf(task) < 10 ? 'TASK_STATUS_QUEUED' : 'TASK_STATUS_PROCESSING';
    return task.fate === 'done' ? 'TASK_STATUS_SUCCEED' : 'TASK_STATUS_FAILED';
  }

  #wire(task: Task): object {
    const url = `${this.origin}/results/${task.id}`;
    const done = task.fate === 'done';
    return {
      task: {
        task_id: task.id,
        task_type: task.kind === 'image' ? 'TXT_TO_IMG' : 'TXT_TO_VIDEO',
        status: this.#statusOf(task),
        reason: task.fate === 'moderated' ? 'NSFW_DETECTED' : task.fate === 'failed' ? 'out of memory' : '',
        eta: 0,
        progress_percent: this.#percentOf(task),
      },
      images: done && task.kind === 'image' ? [{ image_url: url, image_url_ttl: '3600', image_type: 'png' }] : [],
      videos: done && task.kind === 'video' ? [{ video_url: url, video_url_ttl: '3600', video_type: 'mp4' }] : [],
    };
  }

  #tell(task: Task): void {
    if (task.callback === undefined || task.told || this.faults.loseCallbacks || this.ending.signal.aborted) return;
    task.told = true;
    this.counters.callbacks++;
    const telling = fetch(task.callback, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ event_type: 'ASYNC_TASK_RESULT', payload: this.#wire(task) }),
      signal: AbortSignal.any([this.ending.signal, AbortSignal.timeout(CALLBACK_WITHIN)]),
    })
      .then((response) => void response.body?.cancel())
      .catch(() => undefined)
      .finally(() => this.telling.delete(telling));
    this.telling.add(telling);
  }

  async #result(id: string, response: ServerResponse): Promise<void> {
    const task = this.#tasks.get(id);
    if (task?.fate !== 'done' || this.faults.resultGone) {
      response.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchKey</Code></Error>');
      return;
    }
    const body = task.kind === 'image' ? picture(task.prompt) : video(this.#bytes);
    const type = task.kind === 'image' ? 'image/png' : 'video/mp4';
    response.writeHead(200, { 'content-type': type, 'content-length': body.length });
    for (let at = 0; this.faults.drips && at < body.length && !response.destroyed; at += DRIP.bytes) {
      response.write(body.subarray(at, at + DRIP.bytes));
      await new Promise<void>((resolve) => void this.clock.afterReal(DRIP.pause, resolve));
      if (!this.faults.drips) return void response.end(body.subarray(at + DRIP.bytes));
    }
    if (!this.faults.drips) response.end(body);
    else response.end();
    this.counters.fetched++;
  }
}

function read<T>(schema: z.ZodType<T>, body: Buffer): T {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new Refused(400, 'INVALID_REQUEST_BODY');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Refused(400, 'INVALID_REQUEST_BODY');
  return parsed.data;
}
