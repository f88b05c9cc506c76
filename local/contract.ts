/**
 * The seams of the laptop: what stands in for the cloud (platform), for the outside (world), and what the control room
 * shows of both. The control room and the tests know these interfaces, not their implementations.
 */

/** `GET /health` of a web or worker task, as the operator sees it. Times in ms unless named otherwise. */
export interface Health {
  status: 'healthy' | 'degraded' | 'unhealthy';
  role: 'web' | 'worker';
  pid: number;
  uptimeSeconds: number;
  draining: boolean;
  /** What is wrong, one line each; empty when healthy. */
  reasons: string[];
  eventLoop: { p99: number; max: number };
  memory: { rss: number; heapUsed: number; heapLimit: number };
  pool: { max: number; total: number; idle: number; waiting: number };
  intake?: {
    inFlight: number;
    maxInFlight: number;
    stored: number;
    duplicates: number;
    malformed: number;
    forbidden: number;
    refused: number;
  };
  lanes?: Record<string, { active: number; capacity: number; handled: number; failed: number; parked: number }>;
  providers?: Record<string, { breaker: 'closed' | 'open' | 'half-open'; inFlight: number; failures: number }>;
  /** Read from the database; absent while it is away. */
  queues?: Record<string, { pending: number; oldestSeconds: number; parked: number; tokens: number; active: number }>;
}

export type TaskState = 'starting' | 'healthy' | 'unhealthy' | 'draining' | 'stopped';

/** One supervised process. */
export interface TaskView {
  id: string;
  role: 'web' | 'worker';
  pid: number | undefined;
  port: number;
  state: TaskState;
  startedAt: string;
  restarts: number;
  lastExit: string | undefined;
  health: Health | undefined;
}

/** What the control room reads of the platform. */
export interface PlatformView {
  tasks(): TaskView[];
  /** Ends a task the hard way; the supervisor replaces it. */
  kill(taskId: string, signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Crash-restarts the database (`pg_ctl restart -m immediate`). */
  restartDatabase(): Promise<void>;
  database(): { state: 'up' | 'restarting' | 'down'; connections: number; maxConnections: number };
  frontDoor(): { url: string; requests: number; errors: number };
}

export interface InlineButton {
  text: string;
  callback_data?: string;
  url?: string;
}

/** A message of a chat as its user sees it. `text` with `entities` as Telegram has them. */
export interface ChatMessage {
  messageId: number;
  from: 'user' | 'bot';
  /** Unix seconds. */
  date: number;
  text: string;
  entities: { type: string; offset: number; length: number; url?: string; language?: string }[];
  buttons: InlineButton[][];
  edited: boolean;
  /** Alert or toast of answerCallbackQuery is shown beside, not stored as a message. */
}

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
}

/** The simulated Telegram: a Bot API server on loopback and the people who write to the bot. */
export interface SimulatedTelegram {
  /** Value for TELEGRAM_API_ROOT. */
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
  chats(): number[];
  messages(chatId: number): ChatMessage[];
  /** Called for every new or changed message, typing action and callback answer. Returns what unsubscribes. */
  subscribe(listener: (event: TelegramEvent) => void): () => void;
  faults: TelegramFaults;
  /** As getWebhookInfo has it, and counters of the simulation. */
  stats(): { pending: number; delivered: number; retried: number; lastError: string | undefined; sent: number };
  stop(): Promise<void>;
}

export type TelegramEvent =
  | { kind: 'message'; chatId: number; message: ChatMessage }
  | { kind: 'typing'; chatId: number }
  | { kind: 'callback-answer'; chatId: number; text: string; alert: boolean };

/** How the simulated AI provider misbehaves, on demand. */
export interface ProviderFaults {
  error?: boolean;
  hang?: boolean;
  rateLimit?: boolean;
  /** Latency of each answer, ms. */
  latency?: number;
}

/** The simulated OpenRouter-compatible provider. */
export interface SimulatedProvider {
  /** Value for OPENROUTER_BASE_URL (ends in /api/v1). */
  readonly baseUrl: string;
  readonly apiKey: string;
  faults: ProviderFaults;
  stats(): { calls: number; failed: number; inFlight: number };
  stop(): Promise<void>;
}
