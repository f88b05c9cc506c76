/** What stands in for Telegram. */
import type { ChatMessage, Mandate, StarTransaction } from './chat.ts';

/** How the simulated Telegram misbehaves, on demand. All default to off. */
export interface TelegramFaults {
  /** Every send answers 429 with this retry_after (seconds) until cleared. */
  rateLimit?: { retryAfter: number; chatId?: number };
  /** API calls are accepted and never answered. */
  hang?: boolean;
  /** API calls answer 500. */
  error?: boolean;
  /** Latency of each API call, ms. */
  latency?: number;
  /** Each update is delivered up to this many times, in shuffled order across types. */
  duplicates?: number;
  /** API calls take effect, but their answers never arrive: what an ambiguous timeout is made of. */
  loseAnswers?: boolean;
  /** API calls take effect at once and are answered after this, ms. */
  lateAnswers?: number;
  /** API calls take effect, and what comes back is no answer: half a body, `null`, no JSON, or a reset connection. */
  spoiltAnswers?: 'cut' | 'null' | 'malformed' | 'reset';
  /** A gateway before Telegram answers with its page. `delivered`: the call took effect behind it. */
  gateway?: { status: 502 | 504; delivered: boolean };
  /** Faults of answers (lost, late, spoilt, of a gateway) meet sends and edits alone. */
  sendsOnly?: boolean;
  /** Groups that became supergroups: their new id by the old one, which is refused. */
  migrated?: Record<string, number>;
  /** Chats in which the bot may not write: what Telegram's 400 says, by chat id. */
  forbidden?: Record<string, string>;
  /** Every send is refused with a 400: nothing of it arrives, and no repetition mends it. */
  refuse?: boolean;
  /** Chats whose users blocked the bot: sends answer 403. */
  blocked?: number[];
  /** Accounts that do not exist any more: sends answer 403, and nobody can be given anything back. */
  deleted?: number[];
  /** Stars change hands, and no update tells the bot of payments and refunds. */
  losePayments?: boolean;
  /** A refund works, and is answered as if it had been made before. */
  refundsSayDone?: boolean;
  /** A Bot API server that does not know drafts of messages. */
  noDrafts?: boolean;
  /** Texts with a `parse_mode` are refused: "can't parse entities". */
  noMarkup?: boolean;
}

/** Telegram's flood control. A limit that is not named does not hold. */
export interface TelegramLimits {
  /** Messages a second in all. */
  global?: number;
  /** Messages a second to one private chat. */
  chat?: number;
  /** Messages a minute to one group or channel. */
  group?: number;
}

export interface TelegramOptions {
  /** Address to bind; default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** Default: a random one. */
  botToken?: string;
  /** Without the @; default `evenkeel_bot`. */
  username?: string;
  firstName?: string;
  /** Messages that a chat keeps in memory; default 200. Older ones can no longer be edited or read. */
  keepMessages?: number;
  /**
   * How many times faster Telegram's own waits pass (retries, lifetimes, Retry-After, response timeout, long polls);
   * default 1. Latency and rates that the caller sets stay in real time.
   */
  timeScale?: number;
  /** How long a tap or a query waits to be accepted, and then to be answered, ms; default as Telegram has it, 150 s. */
  queryLifetime?: number;
  /** Longest real wait, ms, until a repeat delivery of `faults.duplicates` leaves; default 1000. */
  repeatWithin?: number;
  /** Real ms after which subscriptions renew by themselves; default: only when somebody says that a month passes. */
  month?: number;
  faults?: TelegramFaults;
  /** Default: as Telegram documents them, 30 a second in all, 1 a second a chat, 20 a minute a group. `{}`: none. */
  limits?: TelegramLimits;
  /** As {@link SimulatedTelegram.state} of an earlier one was: the same bot, chats, Stars and waiting updates. */
  state?: unknown;
}

/** Many users at once, each text carrying a marker (`ping-17`) by which a reply is recognised. */
export interface Flood {
  updates: number;
  /** Chats that they are spread over, in turn; default 1. */
  chats?: number;
  /** Id of the first chat; default 1000001. */
  firstChat?: number;
  /** Updates a second; default: all at once. */
  rate?: number;
  /** Sets `faults.duplicates` before it starts. */
  duplicates?: number;
  /** What comes after the marker in each text. */
  text?: string;
  /** Share of the updates that are taps on a button (callback_query, data = marker) and edits; default 0. */
  taps?: number;
  edits?: number;
}

/** What became of the floods since the last `resetFlood()`. Latencies in ms from typing to the first reply. */
export interface FloodReport {
  /** Updates made so far, of `wanted`. */
  said: number;
  wanted: number;
  acknowledged: number;
  /** Messages that a reply is awaited for, and those with at least one. */
  expected: number;
  replied: number;
  /** Replies beyond the first of a message. */
  repeatedReplies: number;
  /** First replies that came after a first reply to a later message of the chat. */
  outOfOrder: number;
  latency: { p50: number; p90: number; p99: number; max: number };
  /** From the first update made to the last acknowledgement, and to the last first reply, ms. */
  acknowledgedAfter: number;
  repliedAfter: number;
}

export interface TelegramStats {
  pending: number;
  /** Updates acknowledged. */
  delivered: number;
  /** Deliveries that failed and were put off. */
  retried: number;
  lastError: string | undefined;
  /** How long the webhook took to answer, ms: the last time and the longest; undefined before the first. */
  acks: { count: number; last: number; longest: number } | undefined;
  /** Messages that the bot sent. */
  sent: number;
  /** Updates dropped unacknowledged at the end of their lifetime. */
  expired: number;
  /** Repeat deliveries that `faults.duplicates` caused, and those still to come. */
  repeated: number;
  repeatsPending: number;
  /** Deliveries under way, and the most that ever were. */
  inFlight: number;
  peakInFlight: number;
  /** API calls, and those answered with an error, by error code. */
  calls: number;
  errors: Record<string, number>;
}

export interface BotCommand {
  /** Without its slash. */
  command: string;
  description: string;
}

/** An update on its way to the bot. Times in Unix ms. */
export interface Delivered {
  /** When it left. */
  at: number;
  /** ms */
  took: number;
  /** Why it was not taken; it is delivered again. */
  error?: string;
  /** Delivered again although it was taken, as after an answer that got lost. */
  isRepeat?: true;
}

/** What became of an update until the bot had it. */
export interface Journey {
  /** When there was something to tell. */
  at: number;
  deliveries: Delivered[];
}

/** The simulated Telegram: a Bot API server on loopback and the people who write to the bot. */
export interface SimulatedTelegram {
  /** Value for TELEGRAM_API_ROOT. The same server answers /control/* for other processes. */
  readonly apiRoot: string;
  readonly botToken: string;
  /** A user types. Resolves to the update id at once; delivery goes on in the background. */
  say(chatId: number, text: string, options?: { firstName?: string }): number;
  /** A user edits what they wrote. */
  edit(chatId: number, messageId: number, text: string): number;
  /** A user taps a button. */
  tap(chatId: number, messageId: number, data: string): number;
  /** A user confirms a payment form: a pre_checkout_query. */
  preCheckout(chatId: number, payload: string): number;
  /** A user presses the button of an invoice; `by`: somebody else, on a copy of it. A pre_checkout_query. */
  pay(chatId: number, messageId: number, options?: { by?: number }): number;
  /** A payment goes through without a question. Returns its charge. */
  charge(chatId: number, payload: string): string;
  /** A payment is taken back by whom the Stars were bought from. */
  chargeBack(charge: string): void;
  /** A user presses a button that leads to an invoice, as createInvoiceLink made it. A pre_checkout_query. */
  payLink(chatId: number, url: string): number;
  /** What this user pays again and again. */
  mandates(chatId: number): Mandate[];
  /**
   * The paid time of this user's subscriptions is over: each is paid again without a question, or `fails`; those that
   * were cancelled end. Returns the charges.
   */
  monthPasses(chatId: number, options?: { fails?: boolean }): string[];
  /** A user cancels a subscription in Telegram's settings, or takes that back. @throws where they cannot */
  changeMandate(chatId: number, payload: string, state: 'canceled' | 'active'): void;
  /** Adds a transaction of Stars that is no payment. */
  recordStars(transaction: Omit<StarTransaction, 'id' | 'date'>): void;
  stars(): { balance: { amount: number; nanostar_amount?: number }; transactions: StarTransaction[] };
  /**
   * A user opens the chat without a word: the bot may write there from now on.
   * @param languageCode that of their app, such as `de`; default: English
   */
  open(chatId: number, firstName?: string, languageCode?: string): void;
  chats(): number[];
  /** What of the bot's next message is shown in the chat just now. */
  draft(chatId: number): string | undefined;
  messages(chatId: number): ChatMessage[];
  /** The commands that this user's app offers. */
  menu(chatId: number): BotCommand[];
  /** Of one of the last updates. */
  journey(updateId: number): Journey | undefined;
  /** What another one begins with to be this one, as JSON; not what is under way. */
  state(): unknown;
  /** Called for every new or changed message, typing action and callback answer. Returns what unsubscribes. */
  subscribe(listener: (event: TelegramEvent) => void): () => void;
  faults: TelegramFaults;
  /** From the next call on. */
  limits: TelegramLimits;
  /** As getWebhookInfo has it, and counters of the simulation. */
  stats(): TelegramStats;
  /** Returns at once where no rate is given, else goes on in the background. */
  flood(flood: Flood): void;
  floodReport(): FloodReport;
  /** Ids of the floods' updates that were acknowledged by a 2xx. */
  floodAcknowledged(): number[];
  resetFlood(): void;
  /** Ends everything promptly: what is under way is cut off, no timer or socket is left. */
  stop(): Promise<void>;
}

export type TelegramEvent =
  | { kind: 'message'; chatId: number; message: ChatMessage }
  | { kind: 'deleted'; chatId: number; messageId: number }
  | { kind: 'typing'; chatId: number }
  /** What the bot is about to say, as far as it has come; gone with the bot's next message, or after a while. */
  | { kind: 'draft'; chatId: number; text: string }
  | { kind: 'callback-answer'; chatId: number; text: string; alert: boolean };
