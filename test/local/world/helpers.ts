import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { SimulatedTelegram, TelegramOptions } from '../../../local/contract/index.ts';
import { listen, readBody } from '../../../local/world/http.ts';
import { startTelegram } from '../../../local/world/telegram/index.ts';

/** Waits until `condition` holds; fails after `within` ms. */
export async function until(condition: () => boolean, what: string, within = 60_000): Promise<void> {
  const end = performance.now() + within;
  while (!condition()) {
    assert.ok(performance.now() < end, `${what}: not within ${within} ms`);
    await pause(3);
  }
}

export interface Answer {
  status: number;
  ok: boolean;
  result?: unknown;
  description?: string;
  error_code?: number;
  parameters?: { retry_after?: number; migrate_to_chat_id?: number };
}

export type Call = (method: string, params?: object) => Promise<Answer>;

/** A running simulation that ends with the test, and a way to call its methods. */
export async function telegramFor(
  t: TestContext,
  options: TelegramOptions = {},
): Promise<{ telegram: SimulatedTelegram; call: Call }> {
  // Most tests are about something else than flood control.
  const telegram = await startTelegram({ limits: {}, ...options });
  t.after(() => telegram.stop());
  return { telegram, call: caller(telegram) };
}

export function caller({ apiRoot, botToken }: Pick<SimulatedTelegram, 'apiRoot' | 'botToken'>): Call {
  return async (method, params = {}) => {
    const response = await fetch(`${apiRoot}/bot${botToken}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(params),
    });
    return { ...((await response.json()) as Omit<Answer, 'status'>), status: response.status };
  };
}

/** A call that has to succeed; its result. */
export async function succeed<T>(call: Call, method: string, params?: object): Promise<T> {
  const answer = await call(method, params);
  assert.equal(answer.ok, true, `${method}: ${answer.description}`);
  return answer.result as T;
}

/** A call that has to fail. */
export async function refuse(call: Call, method: string, params: object, code: number, words: RegExp): Promise<void> {
  const answer = await call(method, params);
  assert.equal(answer.ok, false, `${method} was expected to fail`);
  assert.equal(answer.status, code);
  assert.equal(answer.error_code, code);
  assert.match(answer.description!, words);
}

export interface Update {
  update_id: number;
  message?: { message_id: number; text: string; chat: { id: number } };
  edited_message?: { text: string; chat: { id: number } };
  callback_query?: { id: string; data: string; from: { id: number } };
  pre_checkout_query?: { id: string; invoice_payload: string };
}

export interface Delivered {
  at: number;
  update: Update;
  headers: IncomingMessage['headers'];
}

export type Respond = (delivered: Delivered, response: ServerResponse) => void | Promise<void>;
export const acknowledge: Respond = (_delivered, response) => void response.writeHead(200).end();
export const withStatus =
  (status: number, headers: Record<string, string> = {}): Respond =>
  (_delivered, response) =>
    void response.writeHead(status, headers).end();

/** A webhook that notes what it is sent and answers as it is told. */
export async function webhookFor(t: TestContext, respond: Respond = acknowledge) {
  const deliveries: Delivered[] = [];
  const state = { respond };
  const server = await listen(
    async (request, response) => {
      const update = JSON.parse((await readBody(request, 1e6)).toString()) as Update;
      const delivered = { at: performance.now(), update, headers: request.headers };
      deliveries.push(delivered);
      await state.respond(delivered, response);
    },
    '127.0.0.1',
    0,
  );
  t.after(() => server.stop());
  return {
    url: `${server.origin}/telegram/webhook`,
    deliveries,
    set respond(next: Respond) {
      state.respond = next;
    },
    texts: () => deliveries.map(({ update }) => textOf(update)),
  };
}

export function textOf(update: Update): string {
  return (
    update.message?.text ??
    update.edited_message?.text ??
    update.callback_query?.data ??
    update.pre_checkout_query?.invoice_payload ??
    ''
  );
}

/** Calls setWebhook as often as it takes for the limit of one a second to let it pass. */
export async function setWebhook(call: Call, params: object): Promise<string | undefined> {
  for (;;) {
    const answer = await call('setWebhook', params);
    if (answer.status !== 429) return answer.description;
  }
}
