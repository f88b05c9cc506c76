/** `/bot<token>/<method>`: the faults in force, then the method, then Telegram's answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TelegramFaults } from '../../contract.ts';
import type { Clock } from '../clock.ts';
import { sendJson } from '../http.ts';
import { answerBody } from './answers.ts';
import { ApiError, tooManyRequests } from './errors.ts';
import type { Context } from './methods/context.ts';
import { methodNamed } from './methods/index.ts';
import { readParams, text, type Params } from './params.ts';

export interface ApiCounters {
  calls: number;
  errors: Record<string, number>;
}

export class Api {
  readonly #prefix: string;
  readonly #context: Context;
  readonly #counters: ApiCounters;
  readonly #clock: Clock;

  constructor(token: string, context: Context, counters: ApiCounters, clock: Clock) {
    this.#prefix = `/bot${token}/`;
    this.#context = context;
    this.#counters = counters;
    this.#clock = clock;
  }

  /** Answers one call; while `faults.hang` holds, it never does. */
  async handle(request: IncomingMessage, response: ServerResponse, path: string, query: string): Promise<void> {
    this.#counters.calls++;
    try {
      const result = await this.#call(request, path, query);
      if (result === NEVER || this.#context.faults().loseAnswers) return;
      sendJson(response, 200, answerBody(result));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#counters.errors[error.code] = (this.#counters.errors[error.code] ?? 0) + 1;
      const headers = error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) };
      sendJson(response, error.code, JSON.stringify(error), headers);
    }
  }

  async #call(request: IncomingMessage, path: string, query: string): Promise<unknown> {
    // Read first, even where it is not wanted: what is left of a body would spoil the connection.
    const params = await readParams(request, query);
    if (!path.startsWith(this.#prefix)) throw wrongPath(path);
    const name = path.slice(this.#prefix.length);
    const faults = this.#context.faults();
    if (faults.latency) await this.#pause(faults.latency);
    if (faults.hang) return NEVER;
    if (faults.error) throw new ApiError(500, 'Internal Server Error');
    const method = methodNamed(name);
    if (!method) throw new ApiError(404, 'Not Found: method not found');
    obeyRate(faults, name, params);
    return method(this.#context, params);
  }

  /** Never ends where the simulation stops meanwhile; its connections are cut off then. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.afterReal(ms, resolve));
  }
}

/** Stands for an answer that is not given. */
const NEVER = Symbol('never');

function wrongPath(path: string): ApiError {
  const [, token] = /^\/bot([^/]*)\/./.exec(path) ?? [];
  if (token === undefined) return new ApiError(404, 'Not Found');
  return new ApiError(401, /^[1-9]\d*:/.test(token) ? 'Unauthorized' : 'Unauthorized: invalid token specified');
}

function obeyRate({ rateLimit }: TelegramFaults, name: string, params: Params): void {
  if (!rateLimit || !/^(send|edit)/i.test(name)) return;
  if (rateLimit.chatId === undefined || text(params, 'chat_id') === String(rateLimit.chatId))
    throw tooManyRequests(rateLimit.retryAfter);
}
