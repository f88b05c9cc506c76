/** What Telegram answers, told from what a gateway or a broken connection puts in its place. */
import type { ApiResponse } from 'grammy/types';
import { z } from 'zod';
import { ProviderFailure } from './policy.ts';

const refused = z.looseObject({
  ok: z.literal(false),
  error_code: z.int(),
  description: z.string(),
  parameters: z
    .looseObject({ retry_after: z.number().exactOptional(), migrate_to_chat_id: z.int().exactOptional() })
    .exactOptional(),
});

/** A gateway gave up on Telegram, whoever words its answer: the call may have been carried out behind it. */
const isGateway = (code: number): boolean => code === 502 || code === 504;

/**
 * Reads an answer; a refusal is one, too. `status` is of HTTP, where it is known.
 * @throws {ProviderFailure} `not-done` for a 5xx in Telegram's own words; `unknown` for a gateway's, and for whatever
 *   is not Telegram's: a page, `null`, half a body
 */
export function readAnswer(method: string, json: unknown, status = 200): ApiResponse<unknown> {
  if (status === 200 && isSuccess(json)) return json;
  const answer = refused.safeParse(json).data;
  if (!answer || isGateway(status) || isGateway(answer.error_code)) {
    const what = answer ? answer.description : json === undefined ? 'no JSON' : 'JSON that is not its own';
    throw new ProviderFailure(`telegram: ${method} was answered by ${status}: ${what}`, 'unknown');
  }
  if (answer.error_code >= 500)
    throw new ProviderFailure(`telegram: ${method} answered ${answer.error_code}`, 'not-done');
  return answer;
}

/** By hand, as it is asked for each call. */
const isSuccess = (json: unknown): json is ApiResponse<unknown> =>
  typeof json === 'object' && json !== null && 'ok' in json && json.ok === true && 'result' in json;

/**
 * What Telegram says where a bot may not write: a group that is restricted, a topic that was closed or deleted, a chat in
 * which it is no administrator. A property of that chat, and no incident: as for a user who blocked the bot, there is
 * nobody there to answer, and no stranger can open a ticket.
 */
const MAY_NOT_WRITE = new RegExp(
  [
    'not enough rights',
    'have no rights to send',
    'need administrator rights',
    'CHAT_RESTRICTED',
    'CHAT_ADMIN_REQUIRED',
    'CHAT_(GUEST_)?(SEND|WRITE)(_[A-Z]+)?_FORBIDDEN',
    'TOPIC_(CLOSED|DELETED)',
    'message thread not found',
    'group chat was (deactivated|deleted)',
    'CHANNEL_PRIVATE',
  ].join('|'),
  'i',
);

/** Nobody is there: the user has blocked the bot or is gone, or the bot may not write where it was. */
export const mayNotWrite = ({ error_code: code, description }: { error_code: number; description: string }): boolean =>
  code === 403 || MAY_NOT_WRITE.test(description);

/** An edit that changes nothing, as one that is run again after it took effect: what was wanted is there. */
export const isUnchanged = (method: string, description: string): boolean =>
  method.startsWith('edit') && /message is not modified/i.test(description);

/** It could not read the markup of a text, and did nothing. */
export const isUnread = ({ error_code: code, description }: { error_code: number; description: string }): boolean =>
  code === 400 && /can't parse entities/i.test(description);
