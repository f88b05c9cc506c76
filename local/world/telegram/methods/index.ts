/** The methods of the Bot API that are simulated. */
import { badRequest } from '../errors.ts';
import { scopeKey } from '../menu.ts';
import { flag, isRecord, structure, text, type Params } from '../params.ts';
import type { Context, Method } from './context.ts';
import { messageMethods } from './messages.ts';
import { starMethods } from './stars.ts';

/** Telegram cancels a payment that is not confirmed within this, ms. */
const CHECKOUT_WITHIN = 10_000;
const MOST_COMMANDS = 100;

const getMe: Method = ({ bot }) => ({
  ...bot,
  can_join_groups: true,
  can_read_all_group_messages: false,
  supports_inline_queries: false,
  can_connect_to_business: false,
  has_main_web_app: false,
});

const answerCallbackQuery: Method = ({ people, chats }, params) => {
  const { chat } = people.answered(text(params, 'callback_query_id'), people.lifetime.query, false);
  chats.emit({
    kind: 'callback-answer',
    chatId: chat.id,
    text: text(params, 'text'),
    alert: flag(params, 'show_alert'),
  });
  return true;
};

const answerPreCheckoutQuery: Method = ({ people, chats }, params) => {
  const id = text(params, 'pre_checkout_query_id');
  const agreed = flag(params, 'ok');
  const refusal = text(params, 'error_message');
  if (!agreed && refusal === '') throw badRequest('ERROR_MESSAGE_EMPTY: error_message is required where ok is false');
  const { chat, payload } = people.answered(id, CHECKOUT_WITHIN, true);
  if (agreed) people.paid(chat, payload ?? '');
  else chats.emit({ kind: 'callback-answer', chatId: chat.id, text: refusal, alert: true });
  return true;
};

const setMyCommands: Method = (context, params) => {
  const { commands } = context;
  const given = structure(params, 'commands');
  if (!Array.isArray(given)) throw badRequest('expected an Array of BotCommand');
  if (given.length > MOST_COMMANDS) throw badRequest('BOT_COMMANDS_TOO_MUCH');
  for (const command of given as unknown[]) {
    if (!isRecord(command)) throw badRequest('expected an Object of type BotCommand');
    const { command: name, description } = command;
    if (typeof name !== 'string' || !/^\/?[a-z0-9_]{1,32}$/.test(name)) throw badRequest('BOT_COMMAND_INVALID');
    if (typeof description !== 'string' || description.length < 1 || description.length > 256)
      throw badRequest('BOT_COMMAND_DESCRIPTION_INVALID');
  }
  commands.set(scopeOf(context, params), given);
  return true;
};

const getMyCommands: Method = (context, params) => context.commands.get(scopeOf(context, params)) ?? [];
const deleteMyCommands: Method = (context, params) => (context.commands.delete(scopeOf(context, params)), true);

/** @throws ApiError 400 for a chat that has never been there */
function scopeOf({ chats }: Context, params: Params): string {
  const scope = structure(params, 'scope') ?? { type: 'default' };
  if (isRecord(scope) && scope['type'] === 'chat' && !chats.find(Number(scope['chat_id'])))
    throw badRequest('chat not found');
  return scopeKey(scope, text(params, 'language_code'));
}

const methods: Record<string, Method> = {
  ...messageMethods,
  ...starMethods,
  getMe,
  setWebhook: ({ webhook }, params) => webhook.set(params),
  deleteWebhook: ({ webhook }, params) => webhook.delete(params),
  getWebhookInfo: ({ webhook }) => webhook.info(),
  getUpdates: ({ longPoll }, params) => longPoll.poll(params),
  answerCallbackQuery,
  answerPreCheckoutQuery,
  setMyCommands,
  getMyCommands,
  deleteMyCommands,
};

const byLowerCase = new Map(Object.entries(methods).map(([name, method]) => [name.toLowerCase(), method]));

/** The method of that name, upper and lower case alike. */
export function methodNamed(name: string): Method | undefined {
  return Object.hasOwn(methods, name) ? methods[name] : byLowerCase.get(name.toLowerCase());
}
