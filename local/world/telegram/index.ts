/** The simulated Telegram: Bot API, webhook delivery, and the people who write to the bot. */
import { randomBytes, randomInt } from 'node:crypto';
import type {
  Delivered,
  SimulatedTelegram,
  TelegramFaults,
  TelegramOptions,
  TelegramStats,
} from '../../contract/index.ts';
import { Clock } from '../clock.ts';
import { control } from '../control.ts';
import { listen, sendJson } from '../http.ts';
import { AllowedUpdates } from './allowed-updates.ts';
import { Api } from './api.ts';
import { Chats } from './chats.ts';
import { telegramCommands } from './commands.ts';
import { Floods } from './flood.ts';
import { Journeys } from './journeys.ts';
import { Limits } from './limits.ts';
import { LongPoll } from './long-poll.ts';
import { menuOf, type CommandsByScope } from './menu.ts';
import { People } from './people.ts';
import { Stars } from './stars.ts';
import { readState, stateOf } from './state.ts';
import { LIFETIME, UpdateQueue } from './update-queue.ts';
import { Webhook } from './webhook.ts';
import type { BotUser } from './wire.ts';

/**
 * Starts a Bot API server.
 * @throws where the token is malformed or the port is taken
 */
export async function startTelegram(options: TelegramOptions = {}): Promise<SimulatedTelegram> {
  const before = options.state === undefined ? undefined : readState(options.state);
  const botToken =
    options.botToken ?? before?.botToken ?? `${randomInt(1e9, 9e9)}:${randomBytes(26).toString('base64url')}`;
  const clock = new Clock(options.timeScale);
  const state: { faults: TelegramFaults } = { faults: options.faults ?? {} };
  const counters = { delivered: 0, retried: 0, repeated: 0, peakInFlight: 0, sent: 0, calls: 0, errors: {} };
  const bot = botUser(botToken, options);
  const allowed = new AllowedUpdates();
  const chats = new Chats(options.keepMessages ?? 200, before?.chats);
  const queue = new UpdateQueue(clock, before?.queue);
  const stars = new Stars(options.month === undefined ? undefined : Math.ceil(options.month / 1000), before?.stars);
  const journeys = new Journeys();
  const lifetime = { ...LIFETIME, query: options.queryLifetime ?? LIFETIME.query };
  const people = new People({ bot, chats, queue, allowed, clock, stars, journeys, lifetime }, () => state.faults);
  let acks: TelegramStats['acks'];
  const floods = new Floods(people, chats, clock);
  const delivery = {
    clock,
    queue,
    counters,
    repeatWithin: options.repeatWithin ?? 1000,
    copies: () => state.faults.duplicates ?? 1,
    onAcknowledged: (id: number) => floods.acknowledged(id),
    onDelivered: (id: number, delivered: Delivered) => {
      journeys.add(id, delivered);
      // A connection that was cut is no answer.
      if (delivered.error === undefined || delivered.error.startsWith('Wrong response'))
        acks = {
          count: (acks?.count ?? 0) + 1,
          last: delivered.took,
          longest: Math.max(acks?.longest ?? 0, delivered.took),
        };
    },
  };
  const webhook = new Webhook(delivery, allowed, () => longPoll.abort('terminated by setWebhook request'));
  const longPoll = new LongPoll(queue, webhook, allowed, clock);
  queue.onPush = () => (webhook.active ? webhook.pump() : longPoll.wake());

  const menus: CommandsByScope = new Map();
  const context = {
    bot,
    chats,
    people,
    stars,
    floods,
    webhook,
    longPoll,
    counters,
    commands: menus,
  };
  const limits = new Limits(options.limits);
  const api = new Api(botToken, { ...context, faults: () => state.faults }, { counters, clock, limits });

  const telegram: Omit<SimulatedTelegram, 'apiRoot'> = {
    botToken,
    say: (chatId, text, { firstName } = {}) => people.say(chatId, text, firstName),
    edit: (chatId, messageId, text) => people.edit(chatId, messageId, text),
    tap: (chatId, messageId, data) => people.tap(chatId, messageId, data),
    preCheckout: (chatId, payload) => people.preCheckout(chatId, payload),
    pay: (chatId, messageId, options) => people.pay(chatId, messageId, options),
    charge: (chatId, payload) => people.charge(chatId, payload),
    chargeBack: (charge) => people.chargeBack(charge),
    payLink: (chatId, url) => people.payLink(chatId, url),
    mandates: (chatId) => stars.mandates(chatId).map((mandate) => ({ ...mandate })),
    monthPasses: (chatId, options) => people.monthPasses(chatId, options),
    changeMandate: (chatId, payload, state) => people.changeMandate(chatId, payload, state),
    recordStars: (transaction) => stars.record(transaction),
    stars: () => ({ balance: stars.balance(), transactions: stars.list(0, Infinity) }),
    open: (chatId, firstName, languageCode) => void chats.open(chatId, firstName, languageCode),
    chats: () => chats.ids(),
    messages: (chatId) => chats.history(chatId),
    journey: (updateId) => journeys.read(updateId),
    menu: (chatId) => menuOf(menus, chats.open(chatId)),
    draft: (chatId) => chats.previewed(chatId),
    state: () => stateOf({ botToken, chats: chats.state(), stars: stars.state(), queue: queue.state() }),
    subscribe: (listener) => chats.subscribe(listener),
    get faults() {
      return state.faults;
    },
    set faults(faults) {
      state.faults = faults;
    },
    get limits() {
      return limits.limits;
    },
    set limits(wanted) {
      limits.limits = wanted;
    },
    stats: () => ({
      ...counters,
      errors: { ...counters.errors },
      pending: queue.size,
      expired: queue.expired,
      lastError: webhook.lastError,
      acks,
      inFlight: webhook.inFlight,
      repeatsPending: webhook.repeatsPending,
    }),
    flood(flood) {
      if (flood.duplicates !== undefined) state.faults = { ...state.faults, duplicates: flood.duplicates };
      floods.start(flood);
    },
    floodReport: () => floods.report(),
    floodAcknowledged: () => floods.acknowledgedIds(),
    resetFlood: () => floods.reset(),
    async stop() {
      clock.stop();
      limits.stop();
      floods.reset();
      longPoll.abort('terminated by restart');
      await Promise.all([webhook.stop(), server.stop()]);
    },
  };
  const server = await listen(
    async (request, response) => {
      const [path, query = ''] = request.url!.split('?', 2) as [string, string?];
      if (path.startsWith('/bot')) await api.handle(request, response, path, query);
      else if (path.startsWith('/control/')) await control(commands, request, response, path, query);
      else sendJson(response, 404, '{"ok":false,"error_code":404,"description":"Not Found"}');
    },
    options.host ?? '127.0.0.1',
    options.port ?? 0,
  );
  const started = Object.defineProperties(telegram, {
    apiRoot: { value: server.origin, enumerable: true },
  }) as SimulatedTelegram;
  const commands = telegramCommands(started);
  return started;
}

function botUser(token: string, { username, firstName }: TelegramOptions): BotUser {
  const id = Number(/^([1-9]\d*):[\w-]+$/.exec(token)?.[1]);
  if (!Number.isSafeInteger(id))
    throw new Error('botToken has not the form of a token: write digits, a colon, and letters, as in 123456:ABC-def');
  return { id, is_bot: true, first_name: firstName ?? 'Evenkeel', username: username ?? 'evenkeel_bot' };
}
