/** In-memory stand-ins for what the control room looks at, so that its tests need no database and no processes. */
import type { Outcome, Row } from '../../../app/ops/outcome.ts';
import type { Health } from '../../../contract/health.ts';
import type {
  ChatMessage,
  InlineButton,
  PlatformView,
  SimulatedPayer,
  SimulatedProvider,
  SimulatedTelegram,
  TaskView,
  TelegramEvent,
} from '../../../local/contract/index.ts';
import type { Operator } from '../../../local/control-room/desk/operator.ts';

const MIB = 2 ** 20;

export const RICH =
  'Hello Ada! I am a bot.\nconst x = 1 < 2;\nbold italic code struck under secret\nread the docs or send /help\nA quote';

/** Entities of {@link RICH}, found by their words so that offsets are right. */
export function richEntities(): ChatMessage['entities'] {
  const at = (type: string, word: string, extra: object = {}) => ({
    type,
    offset: RICH.indexOf(word),
    length: word.length,
    ...extra,
  });
  return [
    at('bold', 'Hello Ada!'),
    at('italic', 'Ada'),
    at('pre', 'const x = 1 < 2;', { language: 'js' }),
    at('bold', 'bold'),
    at('italic', 'italic'),
    at('code', 'code'),
    at('strikethrough', 'struck'),
    at('underline', 'under'),
    at('spoiler', 'secret'),
    at('text_link', 'the docs', { url: 'https://core.telegram.org/bots/api' }),
    at('bot_command', '/help'),
    at('blockquote', 'A quote'),
  ];
}

const BUTTONS: InlineButton[][] = [
  [
    { text: 'Tell me more', callback_data: 'more' },
    { text: 'Start over', callback_data: 'reset' },
  ],
  [{ text: 'Open the docs', url: 'https://core.telegram.org/bots' }],
];

export interface FakeTelegram extends SimulatedTelegram {
  taps: { chatId: number; messageId: number; data: string }[];
  emit(event: TelegramEvent): void;
  /** Puts a message into a chat as if the bot had sent it. */
  send(chatId: number, message: Partial<ChatMessage>): ChatMessage;
}

/** A Telegram whose bot echoes after `delay` ms (undefined: never), and shows all markup for /start. */
export function fakeTelegram({ delay = 20 }: { delay?: number | undefined } = {}): FakeTelegram {
  const chats = new Map<number, ChatMessage[]>();
  const listeners = new Set<(event: TelegramEvent) => void>();
  const timers = new Set<NodeJS.Timeout>();
  let updates = 100;
  let ids = 0;
  let flooded = 0;
  const counts = { pending: 0, delivered: 0, retried: 0, lastError: undefined as string | undefined, sent: 0 };
  const emit = (event: TelegramEvent) => listeners.forEach((listener) => listener(event));
  const put = (chatId: number, message: Partial<ChatMessage>): ChatMessage => {
    const whole: ChatMessage = {
      messageId: ++ids,
      from: 'bot',
      date: Math.floor(Date.now() / 1000),
      text: '',
      entities: [],
      buttons: [],
      edited: false,
      ...message,
    };
    chats.set(chatId, [...(chats.get(chatId) ?? []), whole]);
    emit({ kind: 'message', chatId, message: whole });
    return whole;
  };
  const later = (work: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, delay);
    timers.add(timer);
  };
  const answer = (chatId: number, text: string): void => {
    counts.pending += 1;
    emit({ kind: 'typing', chatId });
    later(() => {
      if (telegram.faults.hang) return;
      counts.pending -= 1;
      counts.delivered += 1;
      counts.sent += 1;
      if (text === '/start') put(chatId, { text: RICH, entities: richEntities(), buttons: BUTTONS });
      else put(chatId, { text: `You said: ${text}` });
    });
  };
  const telegram: FakeTelegram = {
    apiRoot: 'http://127.0.0.1:1',
    botToken: '1:fake',
    faults: {},
    limits: {},
    taps: [],
    emit,
    send: put,
    say(chatId, text) {
      put(chatId, { from: 'user', text });
      answer(chatId, text);
      return ++updates;
    },
    edit(chatId, messageId, text) {
      const messages = chats.get(chatId) ?? [];
      const message = messages.find((candidate) => candidate.messageId === messageId)!;
      Object.assign(message, { text, edited: true });
      emit({ kind: 'message', chatId, message });
      return ++updates;
    },
    tap(chatId, messageId, data) {
      telegram.taps.push({ chatId, messageId, data });
      later(() => {
        emit({ kind: 'callback-answer', chatId, text: `You tapped ${data}`, alert: data === 'reset' });
      });
      return ++updates;
    },
    journey: () => undefined,
    state: () => ({}),
    menu: () => [
      { command: 'start', description: 'Say hello' },
      { command: 'balance', description: 'Your credits' },
      { command: 'broadcast', description: 'Write to all' },
    ],
    preCheckout: () => ++updates,
    pay: () => ++updates,
    charge: () => 'stx1',
    chargeBack: () => undefined,
    payLink: () => ++updates,
    mandates: () => [],
    monthPasses: () => [],
    changeMandate: () => undefined,
    recordStars: () => undefined,
    stars: () => ({ balance: { amount: 0 }, transactions: [] }),
    open: (chatId) => void chats.set(chatId, chats.get(chatId) ?? []),
    chats: () => [...chats.keys()],
    messages: (chatId) => chats.get(chatId) ?? [],
    draft: () => undefined,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stats: () => ({
      ...counts,
      expired: 0,
      acks: counts.delivered > 0 ? { count: counts.delivered, last: 12, longest: 340 } : undefined,
      repeated: 0,
      repeatsPending: 0,
      inFlight: 0,
      peakInFlight: 0,
      calls: counts.sent,
      errors: {},
    }),
    flood(wanted) {
      flooded = wanted.updates;
      for (let index = 0; index < wanted.updates; index++) {
        put((wanted.firstChat ?? 1_000_001) + (index % (wanted.chats ?? 1)), { from: 'user', text: `ping-${index}` });
      }
    },
    floodReport: () => ({
      said: flooded,
      wanted: flooded,
      acknowledged: flooded,
      expected: flooded,
      replied: Math.floor(flooded * 0.8),
      repeatedReplies: 0,
      outOfOrder: 0,
      latency: { p50: 120, p90: 400, p99: 870, max: 900 },
      acknowledgedAfter: 300,
      repliedAfter: 900,
    }),
    floodAcknowledged: () => [],
    resetFlood: () => void (flooded = 0),
    async stop() {
      timers.forEach((timer) => clearTimeout(timer));
    },
  };
  return telegram;
}

export function fakeProvider(): SimulatedProvider {
  return {
    baseUrl: 'http://127.0.0.1:1/api/v1',
    apiKey: 'fake',
    faults: {},
    stats: () => ({ calls: 12, failed: 1, inFlight: 2 }),
    stop: async () => {},
  };
}

/** Somebody whom chat 1001 owes a bill. */
export function fakePayer(url?: string, address?: string): SimulatedPayer & { played: string[] } {
  const played: string[] = [];
  return {
    faults: {},
    played,
    bills: () => [
      {
        id: '17',
        reference: '1001-o1',
        due: '1.18 USDTTRC20',
        status: played.length > 0 ? 'paid' : 'waiting',
        ...(url !== undefined && { url }),
        ...(address !== undefined && { address }),
        deeds: played.length > 0 ? { tell: 'Tell again' } : { pay: 'Pay it all', expire: 'Let it expire' },
      },
      { id: '18', reference: '1002-o2', due: '9.00 USD', status: 'waiting', deeds: { pay: 'Pay it all' } },
    ],
    play: (id, deed) => void played.push(`${id} ${deed}`),
  };
}

const health = (role: 'web' | 'worker', pid: number): Health => ({
  status: 'healthy',
  role,
  pid,
  uptimeSeconds: 75,
  draining: false,
  reasons: [],
  eventLoop: { p99: role === 'web' ? 3.2 : 11.8, max: 24 },
  memory: { rss: (role === 'web' ? 142 : 236) * MIB, heapUsed: 61 * MIB, heapLimit: 300 * MIB },
  pool: role === 'web' ? { max: 4, total: 2, idle: 1, waiting: 0 } : { max: 8, total: 6, idle: 2, waiting: 0 },
  ...(role === 'web'
    ? {
        intake: {
          inFlight: 3,
          maxInFlight: 64,
          stored: 1200,
          duplicates: 40,
          malformed: 0,
          forbidden: 0,
          refused: 0,
          lastRequestAt: 0,
        },
      }
    : {
        lanes: {
          chat: { active: 14, capacity: 200, handled: 600, failed: 1, parked: 0 },
          preCheckout: { active: 0, capacity: 16, handled: 4, failed: 0, parked: 0 },
        },
        providers: {
          telegram: { breaker: 'closed', inFlight: 4, failures: 0 },
          openrouter: { breaker: 'closed', inFlight: 2, failures: 1 },
        },
        queues: {
          chat: { pending: 18, oldestSeconds: 0.4, parked: 0, lanes: 14, waiting: 9, active: 5, stranded: 0 },
          preCheckout: { pending: 0, oldestSeconds: 0, parked: 0, lanes: 0, waiting: 0, active: 0, stranded: 0 },
        },
      }),
});

export interface FakePlatform extends PlatformView {
  list: TaskView[];
  db: { state: 'up' | 'restarting' | 'down'; connections: number; maxConnections: number };
  door: { url: string; requests: number; errors: number };
  kills: { taskId: string; signal: string }[];
  takenOver: number[];
  restarts: number;
}

/** Two web and two worker tasks that stay as they are until a test changes `list`. */
export function fakePlatform(): FakePlatform {
  const task = (role: 'web' | 'worker', number: number): TaskView => ({
    id: `${role}-${number}`,
    slot: `${role}-${number}`,
    role,
    pid: 4100 + number + (role === 'web' ? 0 : 10),
    port: 5000 + number,
    state: 'healthy',
    startedAt: new Date(Date.now() - 75_000).toISOString(),
    restarts: 0,
    lastExit: undefined,
    killAt: undefined,
    health: health(role, 4100 + number),
  });
  const platform: FakePlatform = {
    list: [task('web', 1), task('web', 2), task('worker', 1), task('worker', 2)],
    db: { state: 'up', connections: 21, maxConnections: 200 },
    door: { url: 'http://127.0.0.1:8080', requests: 1240, errors: 0 },
    kills: [],
    takenOver: [],
    restarts: 0,
    takeovers: () => platform.takenOver,
    about: () => [],
    tasks: () => platform.list.map((one) => ({ ...one })),
    kill: (taskId, signal) => void platform.kills.push({ taskId, signal }),
    restartDatabase: async () => void (platform.restarts += 1),
    database: () => ({ ...platform.db }),
    frontDoor: () => ({ ...platform.door }),
  };
  return platform;
}

const parked = (update: number, cause: string): Row => ({
  bot: 1,
  update,
  queue: 'chat',
  lane: '1:1001',
  attempts: 8,
  takeovers: 1,
  received: '2026-11-26T10:00:00.000Z',
  settled: '2026-11-26T10:05:00.000Z',
  confirmed: 0,
  unknown: 0,
  cause,
});

/** Somebody on whose desk two updates lie, whose switches are of three kinds, and who knows the story of update 101. */
export function fakeOperator(): Operator {
  const answers: Record<string, Outcome> = {
    dead: {
      tables: [{ title: 'parked updates', rows: [parked(7, 'Telegram said 400'), parked(8, 'the AI is away')] }],
      said: [],
    },
    flag: {
      tables: [
        {
          title: 'flags',
          rows: [
            { name: 'wallet', posture: 'on', flag: 'on', since: null, by: null, reason: null },
            {
              name: 'studio',
              posture: 'on',
              flag: 'off',
              since: '2026-11-26T10:00:00.000Z',
              by: 'you',
              reason: 'it is dear',
            },
            { name: 'subscriptions', posture: 'off', flag: 'on', since: null, by: null, reason: null },
          ],
        },
      ],
      said: [],
    },
    story: {
      tables: [
        {
          title: 'update 101',
          rows: [
            // More than fits a phone.
            ...Array.from({ length: 40 }, (_, second) => ({
              at: new Date(Date.UTC(2026, 10, 26, 10, 0, second)).toISOString(),
              what: `step ${second} of a story that is long enough for two lines of a narrow window`,
            })),
            { at: '2026-11-26T10:01:00.000Z', what: 'done after 0 failed attempts' },
          ],
        },
      ],
      said: [],
    },
  };
  return (commands) => Promise.resolve(commands.map(([verb = '']) => answers[verb] ?? { tables: [], said: [] }));
}
