/** What people and the bot write to each other, and what they pay, as Telegram has it. */

export interface InlineButton {
  text: string;
  callback_data?: string;
  url?: string;
}

/** Markup of a text; `offset` and `length` in UTF-16 code units. */
export interface MessageEntity {
  type: string;
  offset: number;
  length: number;
  /** Of a `text_link`. */
  url?: string;
  /** Of a `pre`. */
  language?: string;
  /** Of a `custom_emoji`. */
  custom_emoji_id?: string;
}

/** What a message with a button to pay asks for. */
export interface Invoice {
  title: string;
  description: string;
  payload: string;
  /** Stars. */
  amount: number;
  /** Where a forwarded copy leads instead of being payable. */
  startParameter?: string;
  /** Of a subscription: what is paid for at once, and paid again after it, s. */
  period?: number;
}

/** What somebody has agreed to pay again and again. */
export interface Mandate {
  userId: number;
  payload: string;
  /** The charge of its first payment, by which the bot names it. */
  charge: string;
  /** Unix seconds. */
  paidUntil: number;
  /** By whom it was cancelled; it runs to the end of what was paid. */
  canceledBy?: 'user' | 'bot';
  /** Its last renewal could not be paid. */
  failed?: true;
}

/** As getStarTransactions has it: incoming with a source, outgoing with a receiver. */
export interface StarTransaction {
  id: string;
  amount: number;
  nanostar_amount?: number;
  /** Unix seconds. */
  date: number;
  source?: object;
  receiver?: object;
}

/** A file that the bot has sent. */
export interface Media {
  kind: 'photo' | 'video' | 'audio' | 'document';
  name: string;
  /** Bytes. */
  size: number;
  /** Of a small picture, for who looks at it: `data:image/png;base64,…`. */
  preview?: string;
}

/** A message of a chat as its user sees it. `text` with `entities` as Telegram has them. */
export interface ChatMessage {
  messageId: number;
  from: 'user' | 'bot';
  /** Unix seconds. */
  date: number;
  text: string;
  entities: MessageEntity[];
  buttons: InlineButton[][];
  edited: boolean;
  /** The update by which the bot was told of it last. */
  updateId?: number;
  /** The message that it answers. */
  replyTo?: number;
  /** It asks to be paid. */
  invoice?: Invoice;
  /** It says that this charge was paid. */
  charge?: string;
  /** The charge is of a subscription, of this payload. */
  subscription?: string;
  /** It shows a file; `text` is what stands under it. */
  media?: Media;
  /** Alert or toast of answerCallbackQuery is shown beside, not stored as a message. */
}
