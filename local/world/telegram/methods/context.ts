/** What the methods of the Bot API work on. */
import type { TelegramFaults } from '../../../contract/index.ts';
import type { Chat, Chats } from '../chats.ts';
import { badRequest, forbidden, migratedTo } from '../errors.ts';
import type { Floods } from '../flood.ts';
import type { LongPoll } from '../long-poll.ts';
import { text, type Params } from '../params.ts';
import type { People } from '../people.ts';
import type { Stars } from '../stars.ts';
import type { Webhook } from '../webhook.ts';
import type { BotUser } from '../wire.ts';

export interface Context {
  readonly bot: BotUser;
  readonly chats: Chats;
  readonly people: People;
  readonly stars: Stars;
  readonly floods: Floods;
  readonly webhook: Webhook;
  readonly longPoll: LongPoll;
  /** Commands by scope and language. */
  readonly commands: Map<string, unknown[]>;
  readonly counters: { sent: number };
  readonly faults: () => TelegramFaults;
}

export type Method = (context: Context, params: Params) => unknown;

/**
 * The chat that `chat_id` names.
 * @throws ApiError 400 where it is not known, has moved, or the bot may not write there; 403 where its user blocked the bot, or is gone
 */
export function chatOf({ chats, faults }: Context, params: Params): Chat {
  const id = text(params, 'chat_id');
  if (id === '') throw badRequest('chat_id is empty');
  const { blocked, deleted, migrated, refuse, forbidden: closed } = faults();
  if (migrated && Object.hasOwn(migrated, id)) throw migratedTo(migrated[id]!);
  const chat = chats.find(Number(id));
  if (!chat) throw badRequest('chat not found');
  if (deleted?.includes(chat.id)) throw forbidden('user is deactivated');
  if (blocked?.includes(chat.id)) throw forbidden('bot was blocked by the user');
  if (refuse) throw badRequest('message is refused');
  if (closed && Object.hasOwn(closed, id)) throw badRequest(closed[id]!);
  return chat;
}
