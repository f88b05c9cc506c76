/** What users do, turned into updates for the bot. */
import { randomInt } from 'node:crypto';
import type { ChatMessage, Mandate, TelegramFaults } from '../../contract/index.ts';
import type { Clock } from '../clock.ts';
import type { AllowedUpdates } from './allowed-updates.ts';
import type { Chat, Chats } from './chats.ts';
import { badRequest } from './errors.ts';
import type { Journeys } from './journeys.ts';
import type { Payment, Stars } from './stars.ts';
import { detectEntities } from './text/detect.ts';
import type { UpdateQueue, UpdateType } from './update-queue.ts';
import { wireMessage, wireUser, type BotUser } from './wire.ts';

/** A callback or pre-checkout query that the bot has not answered yet. */
export interface OpenQuery {
  readonly chat: Chat;
  readonly askedAt: number;
  /** Of a pre-checkout query. */
  readonly payload?: string;
}

interface Parts {
  bot: BotUser;
  chats: Chats;
  queue: UpdateQueue;
  allowed: AllowedUpdates;
  clock: Clock;
  stars: Stars;
  journeys: Journeys;
  lifetime: { message: number; query: number };
}

const wirePayment = ({ charge, payload, amount, recurring }: Payment): object => ({
  currency: 'XTR',
  total_amount: amount,
  invoice_payload: payload,
  telegram_payment_charge_id: charge,
  provider_payment_charge_id: '',
  ...(recurring && {
    subscription_expiration_date: recurring.until,
    is_recurring: true,
    ...(recurring.isFirst && { is_first_recurring: true }),
  }),
});

export class People {
  readonly #bot: BotUser;
  readonly #chats: Chats;
  readonly #queue: UpdateQueue;
  readonly #clock: Clock;
  readonly #queries = new Map<string, OpenQuery>();
  readonly #allowed: AllowedUpdates;
  readonly #stars: Stars;
  readonly #journeys: Journeys;
  readonly #faults: () => TelegramFaults;
  /** How long updates wait to be accepted, and queries to be answered, ms. */
  readonly lifetime: Parts['lifetime'];

  constructor(
    { bot, chats, queue, allowed, clock, stars, journeys, lifetime }: Parts,
    /** Those in force. */
    faults: () => TelegramFaults,
  ) {
    this.#bot = bot;
    this.#chats = chats;
    this.#queue = queue;
    this.#allowed = allowed;
    this.#clock = clock;
    this.#stars = stars;
    this.#journeys = journeys;
    this.#faults = faults;
    this.lifetime = lifetime;
  }

  /** Each returns the id of the update, or 0 where the bot does not want updates of this type. */
  say(chatId: number, text: string, firstName?: string): number {
    const chat = this.#chats.open(chatId, firstName);
    const { asked } = chat;
    delete chat.asked;
    const message = this.#chats.add(chat, {
      from: 'user',
      text,
      entities: detectEntities(text),
      buttons: [],
      ...(asked !== undefined && { replyTo: asked }),
    });
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
      total_amount: this.#stars.priceOf(payload),
      invoice_payload: payload,
    });
  }

  /**
   * A person presses the button of an invoice. A forwarded copy has one too, unless the invoice has a start parameter:
   * then it leads to the bot.
   */
  pay(chatId: number, messageId: number, { by = chatId }: { by?: number } = {}): number {
    const message = this.#chats.message(this.#known(chatId), messageId, 'message with the invoice');
    if (!message.invoice) throw badRequest(`message ${messageId} is no invoice`);
    if (by !== chatId && message.invoice.startParameter !== undefined)
      throw badRequest('a forwarded copy of this invoice has no button to pay: it leads to the bot');
    return this.preCheckout(by, message.invoice.payload);
  }

  /** A payment that Telegram did not ask about, or whose answer came from another device. Returns its charge. */
  charge(chatId: number, payload: string): string {
    return this.#settle(this.#chats.open(chatId), payload).charge;
  }

  /** A person presses a button that leads to an invoice. */
  payLink(chatId: number, url: string): number {
    const payload = this.#stars.behind(url);
    if (payload === undefined) throw badRequest(`${url} leads to no invoice`);
    return this.preCheckout(chatId, payload);
  }

  /** What was paid for is over: it is paid again without a question, or cannot be; what was cancelled ends. */
  monthPasses(chatId: number, { fails = false }: { fails?: boolean } = {}): string[] {
    return this.#stars.mandates(chatId).flatMap((mandate) => this.monthOf(mandate, fails) ?? []);
  }

  monthOf(mandate: Mandate, fails: boolean): string | undefined {
    const chat = this.#chats.open(mandate.userId);
    if (mandate.canceledBy) this.#stars.end(mandate);
    else if (fails) {
      mandate.failed = true;
      this.#subscription(chat, mandate.payload, 'failed');
    } else return this.#tellPayment(chat, this.#stars.renew(mandate, chat.firstName)).charge;
    return undefined;
  }

  /** In Telegram's settings: a person cancels a subscription, or has it again. */
  changeMandate(chatId: number, payload: string, state: 'canceled' | 'active'): void {
    const mandate = this.#stars.mandates(chatId).find((one) => one.payload === payload);
    if (!mandate) throw badRequest(`${chatId} has no subscription of ${payload}`);
    if (state === 'canceled') mandate.canceledBy ??= 'user';
    else if (mandate.canceledBy === 'bot') throw badRequest('the bot has cancelled it, and has to allow it first');
    else delete mandate.canceledBy;
    this.#subscription(this.#chats.open(chatId), payload, state);
  }

  #subscription(chat: Chat, payload: string, state: 'canceled' | 'active' | 'failed'): void {
    if (this.#faults().losePayments) return;
    this.#push('subscription', `subscription ${chat.id}`, { user: wireUser(chat), invoice_payload: payload, state });
  }

  /** The payer's bank, or Telegram itself, takes the Stars back. */
  chargeBack(charge: string): void {
    const payment = this.#stars.payment(charge);
    if (!payment) throw badRequest('CHARGE_NOT_FOUND');
    const chat = this.#chats.open(payment.userId);
    this.refunded(chat, this.#stars.refund(charge, payment.userId, chat.firstName));
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
  paid(chat: Chat, payload: string): void {
    this.#settle(chat, payload);
  }

  /** The Stars are the payer's again, and the chat says so. */
  refunded(chat: Chat, payment: Payment): void {
    const { message, rest } = this.#notice(chat, 'bot', `⭐️ ${payment.amount} came back`);
    if (this.#faults().losePayments) return;
    message.updateId = this.#push('message', `chat ${chat.id}`, { ...rest, refunded_payment: wirePayment(payment) });
  }

  #settle(chat: Chat, payload: string): Payment {
    return this.#tellPayment(chat, this.#stars.pay({ userId: chat.id, firstName: chat.firstName }, payload));
  }

  #tellPayment(chat: Chat, payment: Payment): Payment {
    const { message, rest } = this.#notice(chat, 'user', `⭐️ ${payment.amount} paid`, payment);
    // The Stars are gone, and nobody tells the bot (telegram-bot-api#662).
    if (!this.#faults().losePayments)
      message.updateId = this.#push('message', `chat ${chat.id}`, {
        ...rest,
        successful_payment: wirePayment(payment),
      });
    return payment;
  }

  /** A service message: people read it, and the bot's update has something else in place of its text. */
  #notice(chat: Chat, from: 'user' | 'bot', words: string, payment?: Payment): { message: ChatMessage; rest: object } {
    const message = this.#chats.add(chat, {
      from,
      text: words,
      entities: [],
      buttons: [],
      ...(payment && { charge: payment.charge, ...(payment.recurring && { subscription: payment.payload }) }),
    });
    const { text: _, ...rest } = wireMessage(this.#bot, chat, message) as { text: string };
    return { message, rest };
  }

  #known(chatId: number): Chat {
    const chat = this.#chats.find(chatId);
    if (!chat) throw badRequest(`chat ${chatId} not found: its user has to say something first`);
    return chat;
  }

  #ask(query: OpenQuery): string {
    for (const [id, { askedAt }] of this.#queries) {
      if (this.#clock.now() - askedAt <= this.lifetime.query) break;
      this.#queries.delete(id);
    }
    const id = String(randomInt(2 ** 47)) + String(this.#queries.size);
    this.#queries.set(id, query);
    return id;
  }

  /** Messages and edits of a chat share one lane (source: telegram-bot-api, process_new_message_queue). */
  #pushMessage(type: 'message' | 'edited_message', chat: Chat, message: ChatMessage): number {
    message.updateId = this.#push(type, `chat ${chat.id}`, wireMessage(this.#bot, chat, message));
    return message.updateId;
  }

  #push(type: UpdateType, lane: string, payload: object): number {
    if (!this.#allowed.has(type)) return 0;
    const { message, query } = this.lifetime;
    const lifetime = type === 'message' || type === 'edited_message' ? message : query;
    const id = this.#queue.push(type, lane, lifetime, JSON.stringify(payload));
    this.#journeys.begin(id);
    return id;
  }
}
