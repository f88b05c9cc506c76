/** The few calls of the Bot API that the platform makes itself. Neither token nor URL is ever part of an error. */
import { request } from 'undici';

export interface TelegramApi {
  /** `https://api.telegram.org`, or a server that speaks like it. */
  root: string;
  token: string;
}

/** An answer that is not `ok`, or none at all (then `code` is 0). */
export class TelegramError extends Error {
  readonly code: number;
  /** Seconds that Telegram asks to wait. */
  readonly retryAfter: number | undefined;
  constructor(method: string, code: number, description: string, retryAfter?: number) {
    super(code === 0 ? `${method}: ${description}` : `${method}: ${code} ${description}`);
    this.name = 'TelegramError';
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

type Answer<Result> =
  | { ok: true; result: Result }
  | { ok: false; error_code: number; description: string; parameters?: { retry_after?: number } };

/**
 * @param within longest answer, ms
 * @throws {TelegramError}
 */
export async function callTelegram<Result>(
  { root, token }: TelegramApi,
  method: string,
  params: object = {},
  { within = 10_000, signal }: { within?: number; signal?: AbortSignal } = {},
): Promise<Result> {
  const limit = AbortSignal.timeout(within);
  let answer: Answer<Result>;
  try {
    const response = await request(`${root.replace(/\/$/, '')}/bot${token}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(params),
      headersTimeout: within,
      bodyTimeout: within,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    answer = (await response.body.json()) as Answer<Result>;
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.aborted) throw new TelegramError(method, 0, `no answer within ${within / 1000} s`);
    const { code, name } = error as NodeJS.ErrnoException;
    throw new TelegramError(method, 0, code ?? name);
  }
  if (answer.ok) return answer.result;
  throw new TelegramError(method, answer.error_code, answer.description, answer.parameters?.retry_after);
}
