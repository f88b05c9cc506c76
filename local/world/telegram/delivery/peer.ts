/** The webhook's other side: one POST, and what came of it. */
import { STATUS_CODES, type IncomingHttpHeaders } from 'node:http';
import { Pool, type Dispatcher } from 'undici';
import type { Clock } from '../../clock.ts';

/** Telegram's response timeout, ms. */
const RESPONSE_TIMEOUT = 60_000;
const SECRET_HEADER = 'x-telegram-bot-api-secret-token';

export type Outcome =
  | { ok: true; kept: boolean }
  | { ok: false; error: string; /** Seconds; 0: none. */ retryAfter: number; kept: boolean };

export class Peer {
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #path: string;
  readonly #headers: Record<string, string>;

  constructor(url: string, secret: string, connections: number, clock: Clock) {
    const { origin, pathname, search, username, password } = new URL(url);
    this.#pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, allowH2: false });
    this.#clock = clock;
    this.#path = pathname + search;
    this.#headers = {
      'content-type': 'application/json',
      'accept-encoding': 'gzip, deflate',
      ...(secret && { [SECRET_HEADER]: secret }),
      ...(username && { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }),
    };
  }

  /** Calls `done` exactly once. */
  post(body: string, done: (outcome: Outcome) => void): void {
    const options = { method: 'POST', path: this.#path, headers: this.#headers, body } as const;
    this.#pool.dispatch(options, new Exchange(this.#clock, done));
  }

  /** Cuts off what is under way. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #done: (outcome: Outcome) => void;
  readonly #cancelTimeout: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #timedOut = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};

  constructor(clock: Clock, done: (outcome: Outcome) => void) {
    this.#done = done;
    this.#cancelTimeout = clock.after(RESPONSE_TIMEOUT, () => {
      this.#timedOut = true;
      this.#controller?.abort(new Error('Read timeout expired'));
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#timedOut) controller.abort(new Error('Connection timed out'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  /** The body is of no interest; without this it would not be read to its end. */
  onResponseData(): void {}

  onResponseEnd(): void {
    this.#cancelTimeout();
    const kept = this.#headers.connection !== 'close';
    if (this.#status >= 200 && this.#status <= 299) this.#done({ ok: true, kept });
    else {
      const error = `Wrong response from the webhook: ${this.#status} ${STATUS_CODES[this.#status] ?? ''}`.trimEnd();
      this.#done({ ok: false, error, retryAfter: retryAfterOf(this.#headers), kept });
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#cancelTimeout();
    this.#done({
      ok: false,
      error: this.#timedOut ? 'Read timeout expired' : inWords(error),
      retryAfter: 0,
      kept: false,
    });
  }
}

function retryAfterOf(headers: IncomingHttpHeaders): number {
  const seconds = Number(headers['retry-after']);
  return Number.isInteger(seconds) && seconds > 0 ? seconds : 0;
}

/** In the words that getWebhookInfo has for it. */
function inWords(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'Connection refused';
  if (code === 'ETIMEDOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'Connection timed out';
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return 'Connection reset by peer';
  return 'Webhook connection closed';
}
