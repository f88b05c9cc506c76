/** The Bot API's webhook methods, with errors that a person can act on and that never show the token. */
import { HEALTH_PATH } from '../../contract/paths.ts';

export interface WebhookInputs {
  /** Root of the Bot API, such as https://api.telegram.org. */
  apiRoot: string;
  /** Token of the bot; a secret. */
  token: string;
  /** Where Telegram delivers: `https://…/telegram/webhook`. */
  url: string;
  /** What Telegram sends as X-Telegram-Bot-Api-Secret-Token; a secret. */
  secret: string;
  maxConnections: number;
  allowedUpdates: string[];
  /** How long a host name may take to be known to Telegram, and a new address to answer, ms. */
  patience: number;
}

/** What getWebhookInfo says, as far as it is of use here. */
export interface WebhookInfo {
  url: string;
  pending_update_count?: number;
  max_connections?: number;
  allowed_updates?: string[];
  last_error_date?: number;
  last_error_message?: string;
}

/** Types that Telegram delivers when none are named; it then leaves the list away (source of its Bot API server). */
const DELIVERED_BY_DEFAULT = [
  'message',
  'edited_message',
  'channel_post',
  'edited_channel_post',
  'inline_query',
  'chosen_inline_result',
  'callback_query',
  'shipping_query',
  'pre_checkout_query',
  'poll',
  'poll_answer',
  'my_chat_member',
  'chat_join_request',
  'chat_boost',
  'removed_chat_boost',
  'business_connection',
  'business_message',
  'edited_business_message',
  'deleted_business_messages',
  'purchased_paid_media',
];

/** Longest answer of Telegram to one call, ms. */
const CALL_TIMEOUT = 20_000;
const PAUSE = 2_000;

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const WRONG_TOKEN = 'the bot token is wrong. Set it: pulumi config set --secret evenkeel:botToken <token>';

interface Answer<T> {
  ok: boolean;
  result: T;
  error_code?: number;
  description?: string;
  parameters?: { retry_after?: number };
}

/** One request. Why there was no answer is a word or a code: the error itself may hold the address, and so the token. */
async function ask<T>(inputs: WebhookInputs, method: string, body: object): Promise<Answer<T> | string> {
  try {
    const response = await fetch(`${inputs.apiRoot}/bot${inputs.token}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_TIMEOUT),
    });
    return (await response.json()) as Answer<T>;
  } catch (error) {
    return reason(error);
  }
}

function reason(error: unknown): string {
  const { cause, name } = error as Error & { cause?: { code?: string } };
  return cause?.code ?? name;
}

/**
 * Calls a method; waits as told where Telegram says 429.
 * @throws one line: what Telegram said, or why there was no answer
 */
async function call<T>(inputs: WebhookInputs, method: string, body: object = {}): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const answer = await ask<T>(inputs, method, body);
    if (typeof answer === 'string') throw new Error(`${method}: no answer from ${inputs.apiRoot} (${answer})`);
    if (answer.ok) return answer.result;
    const said = `${answer.error_code ?? ''} ${answer.description ?? ''}`.trim();
    // A token of the wrong form is a path that Telegram does not know.
    if (answer.error_code === 401 || answer.error_code === 404)
      throw new Error(`Telegram says ${said}: ${WRONG_TOKEN}`);
    if (answer.error_code !== 429 || attempt === 3) throw new Error(`Telegram says ${said}`);
    await sleep(Math.min(60, answer.parameters?.retry_after ?? 1) * 1000);
  }
}

export const webhookInfo = (inputs: WebhookInputs): Promise<WebhookInfo> => call(inputs, 'getWebhookInfo');

/** Types that are delivered, in one order. */
export const deliveredTypes = (info: Pick<WebhookInfo, 'allowed_updates'>): string[] =>
  [...(info.allowed_updates ?? DELIVERED_BY_DEFAULT)].sort();

/** Waits until the bot answers at its public address: a new name or a new distribution takes minutes to be known. */
async function answers(inputs: WebhookInputs): Promise<void> {
  const health = new URL(HEALTH_PATH, inputs.url).href;
  const deadline = Date.now() + inputs.patience;
  let found = '';
  do {
    if (found) await sleep(PAUSE);
    try {
      const { status } = await fetch(health, { signal: AbortSignal.timeout(CALL_TIMEOUT), redirect: 'manual' });
      // 503 is the bot itself, saying that it is unhealthy: reached.
      if (status === 200 || status === 503) return;
      found = `answers ${status}`;
    } catch (error) {
      found = `does not answer (${reason(error)})`;
    }
  } while (Date.now() < deadline);
  throw new Error(`${health} ${found}: Telegram could not reach the bot either, so its webhook was left as it is`);
}

/** Sets the webhook over the one that stands; repeats while Telegram does not yet know the host. */
async function set(inputs: WebhookInputs): Promise<void> {
  const deadline = Date.now() + inputs.patience;
  for (;;) {
    try {
      await call(inputs, 'setWebhook', {
        url: inputs.url,
        secret_token: inputs.secret,
        max_connections: inputs.maxConnections,
        allowed_updates: inputs.allowedUpdates,
        drop_pending_updates: false,
      });
      return;
    } catch (error) {
      const { message } = error as Error;
      const soon = /resolve host|no answer from/i.test(message) && Date.now() + PAUSE < deadline;
      if (!soon) throw new Error(`The webhook ${inputs.url} could not be set. ${message}`, { cause: error });
    }
    await sleep(PAUSE);
  }
}

/** What differs between the webhook that Telegram has and the declared one; empty when nothing does. */
export function differences(info: WebhookInfo, inputs: WebhookInputs): string[] {
  const wanted = [...inputs.allowedUpdates].sort().join(', ');
  const found = deliveredTypes(info).join(', ');
  return [
    ...(info.url === inputs.url ? [] : [`url is "${info.url}", wanted "${inputs.url}"`]),
    ...(info.max_connections === inputs.maxConnections
      ? []
      : [`max_connections is ${info.max_connections}, wanted ${inputs.maxConnections}`]),
    ...(found === wanted ? [] : [`allowed_updates is ${found}, wanted ${wanted}`]),
  ];
}

/**
 * Points Telegram at the bot, without a gap, and proves it.
 * @throws when the token is wrong, when the bot is not reached, or when Telegram reports another webhook or a failed delivery
 */
export async function establish(inputs: WebhookInputs): Promise<void> {
  await webhookInfo(inputs);
  await answers(inputs);
  const since = Math.floor(Date.now() / 1000);
  await set(inputs);
  const info = await webhookInfo(inputs);
  const wrong = differences(info, inputs);
  if (wrong.length > 0)
    throw new Error(`Telegram reports another webhook: ${wrong.join('; ')}. Is somebody else calling setWebhook?`);
  if (!info.pending_update_count) return;
  // With updates waiting, Telegram tries at once: what it then found is known a moment later.
  await sleep(PAUSE);
  const tried = await webhookInfo(inputs);
  if (tried.last_error_date !== undefined && tried.last_error_date > since)
    throw new Error(`Telegram cannot deliver to ${inputs.url}: ${tried.last_error_message ?? 'no reason given'}`);
}

/** Takes the webhook away, if it is still ours. A token that is no longer valid has no webhook. */
export async function remove(inputs: WebhookInputs): Promise<void> {
  try {
    const info = await webhookInfo(inputs);
    if (info.url === inputs.url) await call(inputs, 'deleteWebhook', { drop_pending_updates: false });
  } catch (error) {
    if (!(error as Error).message.includes(WRONG_TOKEN)) throw error;
  }
}
