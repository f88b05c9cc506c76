/** `/bot<token>/<method>`: the faults in force, then the method, then Telegram's answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TelegramFaults } from '../../contract/index.ts';
import type { Clock } from '../clock.ts';
import { answerBody } from './answers.ts';
import { ApiError, tooManyRequests } from './errors.ts';
import type { Limits } from './limits.ts';
import type { Context } from './methods/context.ts';
import { methodNamed } from './methods/index.ts';
import { readParams, text, type Params } from './params.ts';
import { GatewayError, sendAnswer, sendPage, type Answer } from './spoilt-answers.ts';

export interface ApiCounters {
  calls: number;
  errors: Record<string, number>;
}

export class Api {
  readonly #prefix: string;
  readonly #context: Context;
  readonly #counters: ApiCounters;
  readonly #clock: Clock;
  readonly #limits: Limits;

  constructor(
    token: string,
    context: Context,
    { counters, clock, limits }: { counters: ApiCounters; clock: Clock; limits: Limits },
  ) {
    this.#prefix = `/bot${token}/`;
    this.#context = context;
    this.#counters = counters;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Answers one call; while `faults.hang` holds, it never does. */
  async handle(request: IncomingMessage, response: ServerResponse, path: string, query: string): Promise<void> {
    this.#counters.calls++;
    const name = path.startsWith(this.#prefix) ? path.slice(this.#prefix.length) : undefined;
    try {
      const result = await this.#call(request, path, name, query);
      if (result !== NEVER) await this.#answer(response, name, { status: 200, body: answerBody(result), headers: {} });
    } catch (error) {
      if (error instanceof GatewayError) return sendPage(response, error.status);
      if (!(error instanceof ApiError)) throw error;
      this.#counters.errors[error.code] = (this.#counters.errors[error.code] ?? 0) + 1;
      const after = error.parameters?.retry_after;
      const headers: Record<string, string> = after === undefined ? {} : { 'retry-after': String(after) };
      await this.#answer(response, name, { status: error.code, body: JSON.stringify(error), headers });
    }
  }

  /** What is answered goes its way, through the faults that spoil it. */
  async #answer(response: ServerResponse, name: string | undefined, answer: Answer): Promise<void> {
    const faults = this.#faultsOfAnswers(name);
    if (faults.loseAnswers) return;
    if (faults.lateAnswers) await this.#pause(faults.lateAnswers);
    if (faults.gateway) return sendPage(response, faults.gateway.status);
    sendAnswer(response, answer, faults.spoiltAnswers);
  }

  #faultsOfAnswers(name: string | undefined): TelegramFaults {
    const faults = this.#context.faults();
    return faults.sendsOnly && !isSend(name ?? '') ? {} : faults;
  }

  async #call(request: IncomingMessage, path: string, name: string | undefined, query: string): Promise<unknown> {
    // Read first, even where it is not wanted: what is left of a body would spoil the connection.
    const params = await readParams(request, query);
    if (name === undefined) throw wrongPath(path);
    const faults = this.#context.faults();
    if (faults.latency) await this.#pause(faults.latency);
    if (faults.hang) return NEVER;
    if (faults.error) throw new ApiError(500, 'Internal Server Error');
    const { gateway } = this.#faultsOfAnswers(name);
    if (gateway && !gateway.delivered) throw new GatewayError(gateway.status);
    const method = methodNamed(name);
    if (!method) throw new ApiError(404, 'Not Found: method not found');
    obeyRate(faults, name, params);
    this.#limits.admit(name, params);
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

/** What a person would see twice. */
const isSend = (name: string): boolean => /^(send(?!ChatAction|MessageDraft)|edit)/i.test(name);

function obeyRate({ rateLimit }: TelegramFaults, name: string, params: Params): void {
  if (!rateLimit || !/^(send|edit)/i.test(name)) return;
  if (rateLimit.chatId === undefined || text(params, 'chat_id') === String(rateLimit.chatId))
    throw tooManyRequests(rateLimit.retryAfter);
}
