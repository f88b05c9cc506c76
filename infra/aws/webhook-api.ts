/** The Bot API's webhook methods, and what is asked before and after. */
import { HEALTH_PATH } from '../../contract/paths.ts';
import { type BotApi, call, CALL_TIMEOUT, reason, sleep, WRONG_TOKEN } from './telegram-api.ts';

export interface WebhookInputs extends BotApi {
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

const PAUSE = 2_000;

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
