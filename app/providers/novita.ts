/**
 * Novita: a render is asked for, looked at, and fetched. Asking has no idempotency key, so nothing here asks twice: who
 * asked and heard no answer waits for the callback (fault render-orphan).
 */
import { z } from 'zod';
import type { Posture } from '../../posture/schema/index.ts';
import { assertNoTransaction } from '../database/transaction.ts';
import type { Logger } from '../log.ts';
import { createHttpClient, type HttpAnswer, type HttpRequest, type HttpStream } from './http.ts';
import { createPolicy, ProviderFailure, type ProviderPolicy, type Repeat } from './policy.ts';

export type RenderKind = 'image' | 'video';

export interface Wanted {
  kind: RenderKind;
  model: string;
  prompt: string;
  /** Called when it is over: nothing it says is believed but that. */
  callback: string | undefined;
}

/** How a render is. */
export type Seen =
  | { state: 'waits'; percent: number }
  | { state: 'ready'; url: string }
  /** `moderated`: what was made may not be shown. */
  | { state: 'failed'; moderated: boolean; reason: string }
  /** It does not know the task: not yet, or not any more. */
  | { state: 'unknown' };

/** It understood and declined; asking again would not help. */
export class NovitaRefusal extends Error {
  override readonly name: string = 'NovitaRefusal';
  /** Why: what was asked for may not be rendered; our account is empty; anything else. */
  readonly why: 'moderated' | 'empty' | 'refused';
  constructor(why: NovitaRefusal['why'], message: string) {
    super(message);
    this.why = why;
  }
}

export interface Novita {
  /**
   * Begins a render, once at most.
   * @returns its number there
   * @throws {NovitaRefusal} {RetryLater}
   * @throws {ProviderFailure} `unknown`: it may have begun
   */
  submit(wanted: Wanted, signal: AbortSignal): Promise<string>;
  /** @throws {NovitaRefusal} {RetryLater} {ProviderFailure} */
  look(task: string, signal: AbortSignal): Promise<Seen>;
  /**
   * A result as a stream, under the caller's deadline; a gap in it is as long as `providers.novita.timeout`.
   * @throws {ProviderFailure} where it cannot be had
   */
  fetch(url: string, signal: AbortSignal): Promise<HttpStream>;
  state: () => ReturnType<ProviderPolicy['state']> & {
    /** 1 since it said that our account has nothing left, until a render begins again: a gauge. */
    balanceEmpty: 0 | 1;
  };
  close(): Promise<void>;
}

/** Beyond any picture or video that Telegram takes from a bot. */
const MAX_BYTES = 50 * 1024 * 1024;

const begun = z.object({ task_id: z.string().min(1).max(200) });
const refused = z.object({ reason: z.string().catch(''), message: z.string().catch('') });
const result = z.object({
  task: z.object({
    status: z.string(),
    reason: z.string().nullish(),
    progress_percent: z.number().nullish(),
  }),
  images: z.array(z.object({ image_url: z.url() })).nullish(),
  videos: z.array(z.object({ video_url: z.url() })).nullish(),
});

const MODERATED = /ILLEGAL_PROMPT|NSFW|SENSITIVE|MODERAT/i;
const EMPTY = /NOT_ENOUGH_BALANCE|INSUFFICIENT/i;

/** Each in its own form: the video's is a list of scenes. */
function bodyOf({ kind, model, prompt, callback }: Wanted): string {
  const extra = callback === undefined ? {} : { webhook: { url: callback } };
  const request = { model_name: model, negative_prompt: '', steps: 20, seed: -1 };
  if (kind === 'video')
    return JSON.stringify({ ...request, extra, width: 640, height: 480, prompts: [{ prompt, frames: 32 }] });
  const size = { width: 1024, height: 1024, image_num: 1, guidance_scale: 7.5, sampler_name: 'Euler a' };
  return JSON.stringify({ extra, request: { ...request, ...size, prompt } });
}

const PATHS: Record<RenderKind, string> = { image: '/v3/async/txt2img', video: '/v3/async/txt2video' };

/** An answer below 400, or what it means. A 429 or a 503 did nothing; of any other 5xx nobody knows. */
function accepted({ status, json }: HttpAnswer, what: string): unknown {
  if (status < 400) return json;
  const said = `novita: ${what}: ${status}`;
  if (status === 429 || status === 503) throw new ProviderFailure(said, 'not-done');
  if (status >= 500) throw new ProviderFailure(said, 'unknown');
  const { reason, message } = refused.safeParse(json).data ?? { reason: '', message: '' };
  const why = `${said} ${reason} ${message}`.trim();
  if (status === 402 || EMPTY.test(reason)) throw new NovitaRefusal('empty', why);
  throw new NovitaRefusal(MODERATED.test(reason) ? 'moderated' : 'refused', why);
}

function seenIn(json: unknown): Seen {
  const read = result.safeParse(json).data;
  if (!read) throw new ProviderFailure('novita: an answer about a task is not understood', 'unknown');
  const { status, reason, progress_percent: percent } = read.task;
  if (status === 'TASK_STATUS_FAILED')
    return { state: 'failed', moderated: MODERATED.test(reason ?? ''), reason: reason ?? '' };
  if (status !== 'TASK_STATUS_SUCCEED')
    return { state: 'waits', percent: Math.min(Math.max(Math.floor(percent ?? 0), 0), 100) };
  const url = read.images?.[0]?.image_url ?? read.videos?.[0]?.video_url;
  return url === undefined ? { state: 'failed', moderated: false, reason: 'no result' } : { state: 'ready', url };
}

export function createNovita(posture: Posture, env: { baseUrl: string; apiKey: string }, log: Logger): Novita {
  const { timeout, concurrency } = posture.providers.novita;
  const policy = createPolicy('novita', posture, log);
  const options = { name: 'novita', baseUrl: env.baseUrl, timeout, connections: concurrency };
  const http = createHttpClient(options);
  // Where the provider itself is asked in the clear, it is simulated, and so are its results.
  const isReal = new URL(env.baseUrl).protocol === 'https:';
  const files = createHttpClient({
    ...options,
    name: 'novita’s results',
    maxBytes: MAX_BYTES,
    publicOnly: isReal,
  });
  const headers = { authorization: `Bearer ${env.apiKey}` };
  let balanceEmpty: 0 | 1 = 0;

  const ask = (request: Omit<HttpRequest, 'signal' | 'headers'>, repeat: Repeat, signal: AbortSignal) =>
    policy.call(
      async (own) => {
        const answer = await http.request({ ...request, headers, signal: own });
        // The policy counts failures alone: what it declines is an answer.
        if (answer.status === 429 || answer.status >= 500) accepted(answer, request.path.split('?', 1)[0]!);
        return answer;
      },
      signal,
      repeat,
    );

  return {
    async submit(wanted, signal) {
      const path = PATHS[wanted.kind];
      const answer = await ask({ method: 'POST', path, body: bodyOf(wanted) }, 'if-not-sent', signal);
      try {
        const task = begun.safeParse(accepted(answer, path)).data;
        if (!task) throw new ProviderFailure(`novita: ${path}: an answer without a task`, 'unknown');
        balanceEmpty = 0;
        return task.task_id;
      } catch (error) {
        if (error instanceof NovitaRefusal && error.why === 'empty') balanceEmpty = 1;
        throw error;
      }
    },
    async look(task, signal) {
      const path = `/v3/async/task-result?task_id=${encodeURIComponent(task)}`;
      const answer = await ask({ method: 'GET', path }, 'safe', signal);
      return answer.status === 404 ? { state: 'unknown' } : seenIn(accepted(answer, 'task-result'));
    },
    async fetch(address, signal) {
      assertNoTransaction('a call to novita');
      const { origin, protocol, pathname, search } = new URL(address);
      if (protocol !== 'https:' && isReal)
        throw new ProviderFailure('novita: a result that is not at an address of https', 'not-done');
      const stream = await files.stream({ method: 'GET', path: pathname + search, origin, signal });
      if (stream.status === 200) return stream;
      // Given back: nobody reads it.
      for await (const _chunk of stream.body) break;
      throw new ProviderFailure(`novita: a result was answered with ${stream.status}`, 'not-done');
    },
    state: () => ({ ...policy.state(), balanceEmpty }),
    close: async () => void (await Promise.all([http.close(), files.close()])),
  };
}
