/** One message to Telegram, and what became of it. Nothing is held meanwhile: no transaction, no connection. */
import { Api } from 'grammy';
import type { ApiResponse } from 'grammy/types';
import { RetryLater } from '../outcome.ts';
import { describeError } from '../log.ts';
import { pauseOf } from '../pause.ts';
import { ProviderFailure } from '../providers/policy.ts';
import { isUnchanged, mayNotWrite } from '../providers/telegram-answer.ts';
import type { TelegramClient } from '../providers/telegram.ts';
import { TELEGRAM } from '../../posture/outside.ts';
import { CLASSES } from './classes.ts';
import { mayLeaveAgain, type Became, type Claimed } from './store.ts';

/** What stands under a receipt that is there perhaps for the second time. */
export const AGAIN = '\n\n(again)';

export interface SendOptions {
  telegram: TelegramClient;
  botToken: string;
  apiRoot: string;
  /** Aborted when the drain has run out of time. */
  signal: AbortSignal;
  /** Throws where the claim is so old that somebody else may take the message. */
  hold: () => void;
  /** `outbox.patience`, ms. */
  patience: number;
}

type Signal = Parameters<Api['getMe']>[0];

/** Never rejects. */
export async function send(message: Claimed, options: SendOptions): Promise<Became> {
  const { hold, patience } = options;
  let left = false;
  const leaving = (): void => {
    hold();
    left = true;
  };
  try {
    hold();
    // Nobody knows whether it arrived: not before Telegram has answered something. Any answer will do.
    if (message.attempts > 1) await call('sendChatAction', { chat_id: message.chat, action: 'typing' }, options);
    const { method, payload } = asSent(message);
    const answer = await call(method, payload, options, leaving);
    if (method === message.method || message.class === 'progress' || answer.ok || !NOT_THERE.test(answer.description))
      return judge(message, method, answer);
    // What was to be replaced is gone, and this is more than a progress: it is said by itself.
    left = false;
    const alone = asSent({ ...message, edits: null });
    return judge(message, alone.method, await call(alone.method, alone.payload, options, leaving));
  } catch (error) {
    return failed(message, error, left, patience);
  }
}

/** Telegram's answer, a refusal included. */
async function call(
  method: string,
  payload: object,
  { telegram, botToken, apiRoot, signal }: SendOptions,
  leaving?: () => void,
): Promise<ApiResponse<unknown>> {
  let answer: ApiResponse<unknown> | undefined;
  const api = new Api(botToken, { apiRoot });
  api.config.use(telegram.transformer(leaving, undefined, 'behind'), async (prev, ...args) => {
    const answered = await prev(...args);
    answer = answered;
    return answered;
  });
  const raw = api.raw as unknown as Record<string, (payload: object, signal: Signal) => Promise<unknown>>;
  await raw[method]!(payload, signal as unknown as Signal).catch((error: unknown) => {
    if (!answer) throw error;
  });
  return answer!;
}

/** The call that is made for it: in the place of an earlier message an edit, and the second time perhaps with a mark. */
export function asSent({ method, payload, chat, class: name, attempts, edits }: Claimed): {
  method: string;
  payload: Record<string, unknown>;
} {
  const again = attempts > 1 && CLASSES[name].marked;
  const said = { chat_id: chat, ...(again ? marked(payload) : payload) };
  return edits !== null && method === 'sendMessage'
    ? { method: 'editMessageText', payload: { ...said, message_id: edits } }
    : { method, payload: said };
}

/** Under its text or its caption, where it has one and there is room. */
function marked(payload: Record<string, unknown>): Record<string, unknown> {
  const limits = { text: TELEGRAM.longestText, caption: LONGEST_CAPTION };
  for (const [key, limit] of Object.entries(limits)) {
    const text = payload[key];
    if (typeof text === 'string' && text.length + AGAIN.length <= limit) return { ...payload, [key]: text + AGAIN };
  }
  return payload;
}
const LONGEST_CAPTION = 1024;

/** What is kept where the bot may not write, however Telegram puts it: nobody has to look at that. */
export const BLOCKED = 403;

/** What is no longer there cannot be edited. */
const NOT_THERE = /message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i;

function judge(message: Claimed, method: string, answer: ApiResponse<unknown>): Became {
  if (answer.ok) return { state: 'sent', result: answer.result };
  const { error_code: code, description } = answer;
  const error = `telegram refused ${method}: ${code} ${description}`;
  if (isUnchanged(method, description)) return { state: 'sent', result: { message_id: message.edits } };
  // The token was revoked: nothing about this message is wrong, and it waits until a valid one is deployed.
  if (code === 401) return { state: 'waiting', after: pauseOf(message.age), left: false, error };
  return { state: 'dead', error, code: mayNotWrite(answer) ? BLOCKED : code };
}

/** It did not leave, surely did nothing, or nobody knows: the last is what its class decides about. */
function failed(message: Claimed, error: unknown, left: boolean, patience: number): Became {
  const why = describeError(error);
  const surely =
    !left || error instanceof RetryLater || (error instanceof ProviderFailure && error.outcome === 'not-done');
  if (!surely)
    return mayLeaveAgain(message)
      ? { state: 'waiting', after: pauseOf(message.age), left: true, error: why }
      : { state: 'unknown', error: why };
  if (message.age > patience) return { state: 'dead', error: `not within its patience: ${why}`, code: undefined };
  const after = error instanceof RetryLater ? error.after : pauseOf(message.age);
  return { state: 'waiting', after, left: false, error: why };
}

/** True where nobody is there: Telegram says so of a user who has blocked the bot, or is gone. */
export const isBlocked = ({ chat }: Claimed, became: Became): boolean =>
  chat > 0 && became.state === 'dead' && became.code === BLOCKED;
