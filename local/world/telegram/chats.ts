/** Chats as their users see them: who is in them and what was said, the last messages of each. */
import type { ChatMessage, InlineButton, Invoice, Media, MessageEntity, TelegramEvent } from '../../contract/index.ts';
import { badRequest } from './errors.ts';

export interface Chat {
  readonly id: number;
  firstName: string;
  /** Of the app that its user has, as an IETF tag. */
  languageCode: string;
  /** Ids are counted in each chat, so that whoever takes them for unique is found out. */
  lastMessageId: number;
  messages: ChatMessage[];
  /** The message that the user's app replies to by itself with what they write next (force_reply). */
  asked?: number;
  /** What the bot is about to say, until it says something. */
  draft?: { text: string; until: number };
}

/** How long a draft is shown without another one, ms (Bot API, sendMessageDraft). */
const DRAFT_LASTS = 30_000;

export interface Draft {
  from: 'user' | 'bot';
  text: string;
  entities: MessageEntity[];
  buttons: InlineButton[][];
  invoice?: Invoice;
  charge?: string;
  subscription?: string;
  media?: Media;
  replyTo?: number;
}

const NAMES = ['Ada', 'Linus', 'Grace', 'Edsger', 'Barbara', 'Ken', 'Radia', 'Leslie', 'Margaret', 'Dennis'];

export class Chats {
  readonly #chats = new Map<number, Chat>();
  readonly #listeners = new Set<(event: TelegramEvent) => void>();
  readonly #keep: number;

  /** `keep`: messages that a chat remembers. */
  constructor(keep: number, state: readonly Chat[] = []) {
    this.#keep = Math.max(1, keep);
    for (const chat of state) this.#chats.set(chat.id, chat);
  }

  state(): Chat[] {
    return [...this.#chats.values()].map((chat) => ({ ...chat, messages: chat.messages.slice(-this.#keep) }));
  }

  ids(): number[] {
    return [...this.#chats.keys()];
  }

  /** The chat, made where it is new. */
  open(id: number, firstName?: string, languageCode?: string): Chat {
    let chat = this.#chats.get(id);
    if (!chat) {
      const name = firstName ?? NAMES[Math.abs(id) % NAMES.length]!;
      chat = { id, firstName: name, languageCode: 'en', lastMessageId: 0, messages: [] };
      this.#chats.set(id, chat);
    } else if (firstName) chat.firstName = firstName;
    if (languageCode) chat.languageCode = languageCode;
    return chat;
  }

  find(id: number): Chat | undefined {
    return this.#chats.get(id);
  }

  add(chat: Chat, draft: Draft): ChatMessage {
    const message: ChatMessage = {
      messageId: ++chat.lastMessageId,
      from: draft.from,
      date: Math.floor(Date.now() / 1000),
      text: draft.text,
      entities: draft.entities,
      buttons: draft.buttons,
      edited: false,
      ...(draft.invoice && { invoice: draft.invoice }),
      ...(draft.charge !== undefined && { charge: draft.charge }),
      ...(draft.subscription !== undefined && { subscription: draft.subscription }),
      ...(draft.media && { media: draft.media }),
      ...(draft.replyTo !== undefined && { replyTo: draft.replyTo }),
    };
    chat.messages.push(message);
    if (draft.from === 'bot') delete chat.draft;
    // Cut at twice the length, so that the cost of cutting is shared by many messages.
    if (chat.messages.length >= this.#keep * 2) chat.messages = chat.messages.slice(-this.#keep);
    if (this.#listeners.size > 0) this.emit({ kind: 'message', chatId: chat.id, message: { ...message } });
    return message;
  }

  /** @throws ApiError 400 where `what` names a message that is not there */
  message(chat: Chat, messageId: number, what: string): ChatMessage {
    const found = chat.messages.findLast((message) => message.messageId === messageId);
    if (!found) throw badRequest(`${what} not found`);
    return found;
  }

  change(chat: Chat, message: ChatMessage, change: Partial<Pick<ChatMessage, 'text' | 'entities' | 'buttons'>>): void {
    Object.assign(message, change, { edited: message.edited || change.text !== undefined });
    this.emit({ kind: 'message', chatId: chat.id, message: { ...message } });
  }

  remove(chat: Chat, message: ChatMessage): void {
    chat.messages.splice(chat.messages.indexOf(message), 1);
    this.emit({ kind: 'deleted', chatId: chat.id, messageId: message.messageId });
  }

  /** Shows what the bot is about to say. */
  preview(chat: Chat, text: string): void {
    chat.draft = { text, until: performance.now() + DRAFT_LASTS };
    this.emit({ kind: 'draft', chatId: chat.id, text });
  }

  previewed(id: number): string | undefined {
    const draft = this.#chats.get(id)?.draft;
    return draft && draft.until > performance.now() ? draft.text : undefined;
  }

  history(id: number): ChatMessage[] {
    return (this.#chats.get(id)?.messages ?? []).slice(-this.#keep).map((message) => ({ ...message }));
  }

  subscribe(listener: (event: TelegramEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  emit(event: TelegramEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
