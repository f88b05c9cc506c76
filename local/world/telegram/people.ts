/** What users do, turned into updates for the bot. */
import { randomInt } from 'node:crypto';
import type { ChatMessage } from '../../contract.ts';
import type { Clock } from '../clock.ts';
import type { AllowedUpdates } from './allowed-updates.ts';
import type { Chat, Chats } from './chats.ts';
import { badRequest } from './errors.ts';
import { detectEntities } from './text/detect.ts';
import { LIFETIME, type UpdateQueue, type UpdateType } from './update-queue.ts';
import { wireMessage, wireUser, type BotUser } from './wire.ts';

/** A callback or pre-checkout query that the bot has not answered yet. */
export interface OpenQuery {
  readonly chat: Chat;
  readonly askedAt: number;
  /** Of a pre-checkout query. */
  readonly payload?: string;
}

/** Stars that a simulated payment asks for. */
const AMOUNT = 100;

export class People {
  readonly #bot: BotUser;
  readonly #chats: Chats;
  readonly #queue: UpdateQueue;
  readonly #clock: Clock;
  readonly #queries = new Map<string, OpenQuery>();
  readonly #allowed: AllowedUpdates;

  constructor(bot: BotUser, chats: Chats, queue: UpdateQueue, allowed: AllowedUpdates, clock: Clock) {
    this.#bot = bot;
    this.#chats = chats;
    this.#queue = queue;
    this.#allowed = allowed;
    this.#clock = clock;
  }

  /** Each returns the id of the update, or 0 where the bot does not want updates of this type. */
  say(chatId: number, text: string, firstName?: string): number {
    const chat = this.#chats.open(chatId, firstName);
    const message = this.#chats.add(chat, { from: 'user', text, entities: detectEntities(text), buttons: [] });
    return this.#pushMessage('message', chat, message);
  }

  edit(chatId: number, messageId: number, text: string): number {
    const chat = this.#known(chatId);
    const message = this.#chats.message(chat, messageId, 'message to edit');
    if (message.from !== 'user') throw badRequest(`message ${messageId} is the bot's: users edit their own`);
    this.#chats.change(chat, message, { text, entities: detectEntities(text) });
    return this.#pushMessage('edited_message', chat, message);
  }

  tap(chatId: number, messageId: number, data: string): number {
    const chat = this.#chats.open(chatId);
    const message = chat.messages.findLast((candidate) => candidate.messageId === messageId);
    const id = this.#ask({ chat, askedAt: this.#clock.now() });
    return this.#push('callback_query', `callback ${chat.id}`, {
      id,
      from: wireUser(chat),
      // What is no longer to be had is an InaccessibleMessage, with date 0.
      message: message
        ? wireMessage(this.#bot, chat, message)
        : { chat: { id: chat.id, type: chat.id > 0 ? 'private' : 'supergroup' }, message_id: messageId, date: 0 },
      chat_instance: String(chat.id * 7919),
      data,
    });
  }

  preCheckout(chatId: number, payload: string): number {
    const chat = this.#chats.open(chatId);
    const id = this.#ask({ chat, askedAt: this.#clock.now(), payload });
    return this.#push('pre_checkout_query', `checkout ${chat.id}`, {
      id,
      from: wireUser(chat),
      currency: 'XTR',
      total_amount: AMOUNT,
      invoice_payload: payload,
    });
  }

  /** Takes the answer to a query: once, and in time. @throws ApiError 400 */
  answered(id: string, within: number, checkout: boolean): OpenQuery {
    const query = this.#queries.get(id);
    if (!query || (query.payload !== undefined) !== checkout || this.#clock.now() - query.askedAt > within)
      throw badRequest('query is too old and response timeout expired or query ID is invalid');
    this.#queries.delete(id);
    return query;
  }

  /** The payment went through: the service message that Telegram sends about it. */
  paid(chat: Chat, payload: string): number {
    const message = this.#chats.add(chat, { from: 'user', text: '', entities: [], buttons: [] });
    const { text: _, ...rest } = wireMessage(this.#bot, chat, message) as { text: string };
    return this.#push('message', `chat ${chat.id}`, {
      ...rest,
      successful_payment: {
        currency: 'XTR',
        total_amount: AMOUNT,
        invoice_payload: payload,
        telegram_payment_charge_id: `stx${randomInt(2 ** 47).toString(36)}${Date.now().toString(36)}`,
        provider_payment_charge_id: '',
      },
    });
  }

  #known(chatId: number): Chat {
    const chat = this.#chats.find(chatId);
    if (!chat) throw badRequest(`chat ${chatId} not found: its user has to say something first`);
    return chat;
  }

  #ask(query: OpenQuery): string {
    for (const [id, { askedAt }] of this.#queries) {
      if (this.#clock.now() - askedAt <= LIFETIME.query) break;
      this.#queries.delete(id);
    }
    const id = String(randomInt(2 ** 47)) + String(this.#queries.size);
    this.#queries.set(id, query);
    return id;
  }

  /** Messages and edits of a chat share one lane (source: telegram-bot-api, process_new_message_queue). */
  #pushMessage(type: 'message' | 'edited_message', chat: Chat, message: ChatMessage): number {
    return this.#push(type, `chat ${chat.id}`, wireMessage(this.#bot, chat, message));
  }

  #push(type: UpdateType, lane: string, payload: object): number {
    if (!this.#allowed.has(type)) return 0;
    const lifetime = type === 'message' || type === 'edited_message' ? LIFETIME.message : LIFETIME.query;
    return this.#queue.push(type, lane, lifetime, JSON.stringify(payload));
  }
}
