/** What the page can do: speak as a user, end tasks, restart the database, make the world misbehave. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { LedgerView, PlatformView, Simulated, SimulatedTelegram } from '../contract/index.ts';
import { askOne, type Operator } from './desk/operator.ts';
import { addBills, payBill } from './bills.ts';
import { flood, MAX_CROWD } from './crowd.ts';
import { faultsBody, inject, toldFaults } from './faults.ts';
import type { Journal } from './journal.ts';
import type { Observer } from './observer.ts';
import type { Deed, Promises } from './promises.ts';
import { MAX_ROOMS, type Rooms } from './rooms.ts';
import { parse, Refused } from './refused.ts';
import { storyOf } from './story.ts';
import type { Room } from './wire.ts';

/** The people's side of the simulated Telegram; undefined when the bot speaks to the real one. */
export interface Chatting {
  telegram: SimulatedTelegram;
  rooms: Rooms;
}

/** Somebody's credits; undefined while nobody can say. */
export type Ledger = (userId: number) => Promise<LedgerView | undefined>;

export interface Acting extends Omit<Simulated, 'telegram'> {
  platform: PlatformView;
  chatting: Chatting | undefined;
  observer: Observer;
  promises: Pick<Promises, 'did' | 'databaseIsBack'>;
  journal: Journal;
  ledger: Ledger | undefined;
  operator: Operator | undefined;
  /** Tells every page of a new chat. */
  opened: (room: Room) => void;
}

const chatId = z.int();
const text = z
  .string()
  .trim()
  .min(1, 'a message has at least one character')
  .max(4096, 'Telegram takes 4096 characters');
const schemas = {
  say: z.strictObject({ chatId, text }),
  edit: z.strictObject({ chatId, messageId: z.int(), text }),
  tap: z.strictObject({ chatId, messageId: z.int(), data: z.string().min(1).max(64) }),
  flood: z.strictObject({ messages: z.int().min(1).max(MAX_CROWD), chats: z.int().min(1).max(MAX_CROWD) }),
  pay: z.strictObject({ chatId, messageId: z.int() }),
  payLink: z.strictObject({ chatId, messageId: z.int(), url: z.string().min(1).max(200) }),
  month: z.strictObject({ chatId, fails: z.boolean().exactOptional() }),
  mandate: z.strictObject({ chatId, messageId: z.int(), state: z.enum(['canceled', 'active']) }),
  story: z.strictObject({ chatId, messageId: z.int() }),
  kill: z.strictObject({ signal: z.enum(['SIGKILL', 'SIGTERM', 'SIGSTOP', 'SIGCONT']) }),
};

/** What a signal does to a task, for who measures what comes of it. */
const DEEDS: Readonly<Record<string, Deed['what'] | undefined>> = {
  SIGKILL: 'kill',
  SIGTERM: 'drain',
  SIGSTOP: 'freeze',
};

const TOLD = {
  SIGKILL: 'was sent SIGKILL',
  SIGTERM: 'was sent SIGTERM and drains',
  SIGSTOP: 'is frozen (SIGSTOP)',
  SIGCONT: 'is thawed (SIGCONT)',
};

function needChats(chatting: Chatting | undefined): Chatting {
  if (!chatting) throw new Refused(409, 'this run uses the real Telegram: write to the bot there');
  return chatting;
}

function roomOf(chatting: Chatting | undefined, id: number): Chatting {
  const found = needChats(chatting);
  if (!found.rooms.has(id)) throw new Refused(404, `chat ${id} is not open here: choose one of the tabs`);
  return found;
}

function chatRoutes(app: FastifyInstance, { chatting, opened, journal, payers }: Acting): void {
  const need = () => needChats(chatting);
  const needRoom = (id: number) => roomOf(chatting, id);

  app.post('/api/say', async ({ body }) => {
    const said = parse(schemas.say, body);
    const { telegram, rooms } = needRoom(said.chatId);
    const firstName = rooms.roomOf(said.chatId)?.name ?? 'You';
    return { updateId: telegram.say(said.chatId, said.text, { firstName }) };
  });

  app.post('/api/edit', async ({ body }) => {
    const edit = parse(schemas.edit, body);
    const { telegram } = needRoom(edit.chatId);
    const message = telegram.messages(edit.chatId).find(({ messageId }) => messageId === edit.messageId);
    if (message?.from !== 'user') throw new Refused(404, `message ${edit.messageId} is not yours to edit`);
    return { updateId: telegram.edit(edit.chatId, edit.messageId, edit.text) };
  });

  app.post('/api/tap', async ({ body }) => {
    const tap = parse(schemas.tap, body);
    const { telegram } = needRoom(tap.chatId);
    const message = telegram.messages(tap.chatId).find(({ messageId }) => messageId === tap.messageId);
    const has = message?.buttons.flat().some(({ callback_data }) => callback_data === tap.data);
    if (!has) throw new Refused(404, `message ${tap.messageId} has no such button any more`);
    return { updateId: telegram.tap(tap.chatId, tap.messageId, tap.data) };
  });

  app.post('/api/pay', async ({ body }) => {
    const pay = parse(schemas.pay, body);
    const { telegram } = needRoom(pay.chatId);
    const message = telegram.messages(pay.chatId).find(({ messageId }) => messageId === pay.messageId);
    if (!message?.invoice) throw new Refused(404, `message ${pay.messageId} is no invoice`);
    return { updateId: telegram.pay(pay.chatId, pay.messageId) };
  });

  app.post('/api/pay-link', async ({ body }) => {
    const pay = parse(schemas.payLink, body);
    const { telegram } = needRoom(pay.chatId);
    const message = telegram.messages(pay.chatId).find(({ messageId }) => messageId === pay.messageId);
    if (!message?.buttons.flat().some(({ url }) => url === pay.url))
      throw new Refused(404, `message ${pay.messageId} has no such button any more`);
    // Of another provider: nobody asks the bot, and nothing is said in the chat before it is told.
    if (payBill(payers, pay.chatId, pay.url)) return { paid: true };
    return { updateId: telegram.payLink(pay.chatId, pay.url) };
  });

  // What a calendar does: each subscription of the person is paid again, or cannot be.
  app.post('/api/month', async ({ body }) => {
    const { chatId: of, ...passed } = parse(schemas.month, body);
    const { telegram } = needRoom(of);
    if (telegram.mandates(of).length === 0) throw new Refused(409, 'nothing is paid every month here any more');
    const charges = telegram.monthPasses(of, passed);
    journal.add({
      level: passed.fails ? 'warn' : 'info',
      text: `A month passes in chat ${of}: ${charges.length} paid again`,
    });
    return { charges };
  });

  // In Telegram's own settings.
  app.post('/api/mandate', async ({ body }) => {
    const change = parse(schemas.mandate, body);
    const { telegram } = needRoom(change.chatId);
    const message = telegram.messages(change.chatId).find(({ messageId }) => messageId === change.messageId);
    const payload = message?.subscription;
    const mandate = telegram.mandates(change.chatId).find((one) => one.payload === payload);
    if (payload === undefined || !mandate) throw new Refused(409, 'this subscription is over');
    if (change.state === 'active' && mandate.canceledBy === 'bot')
      throw new Refused(409, 'the bot has cancelled it, and has to allow it first: /subscription');
    telegram.changeMandate(change.chatId, payload, change.state);
    return { state: change.state };
  });

  // As a bank does it: nobody asks the bot.
  app.post('/api/charge-back', async ({ body }) => {
    const back = parse(schemas.pay, body);
    const { telegram } = needRoom(back.chatId);
    const message = telegram.messages(back.chatId).find(({ messageId }) => messageId === back.messageId);
    if (message?.charge === undefined) throw new Refused(404, `message ${back.messageId} is no payment`);
    const { charge } = message;
    if (telegram.stars().transactions.some(({ id, receiver }) => id === charge && receiver))
      throw new Refused(409, 'these Stars went back already');
    telegram.chargeBack(charge);
    journal.add({ level: 'warn', text: `A payment of chat ${back.chatId} is charged back` });
    return { charge };
  });

  app.post('/api/new-chat', async () => {
    const room = need().rooms.open();
    if (!room) throw new Refused(409, `${MAX_ROOMS} chats are open already: use one of them, or flood for more`);
    opened(room);
    return room;
  });
}

function storyRoute(app: FastifyInstance, { chatting, operator, platform, journal }: Acting): void {
  app.post('/api/story', async ({ body }) => {
    const asked = parse(schemas.story, body);
    const { telegram } = roomOf(chatting, asked.chatId);
    const message = telegram.messages(asked.chatId).find((one) => one.messageId === asked.messageId);
    const { updateId } = message ?? {};
    if (!updateId) throw new Refused(404, `the bot was told of message ${asked.messageId} by no update of its own`);
    const rows = operator && (await askOne(operator, ['story', String(updateId)]));
    return storyOf(updateId, telegram.journey(updateId), platform.about(updateId), rows, journal.entries());
  });
}

function menuRoute(app: FastifyInstance, { chatting }: Acting): void {
  app.get<{ Params: { id: string } }>('/api/menu/:id', async ({ params }) => {
    const id = Number(params.id);
    return roomOf(chatting, id).telegram.menu(id);
  });
}

function ledgerRoute(app: FastifyInstance, { chatting, ledger }: Acting): void {
  app.get<{ Params: { id: string } }>('/api/ledger/:id', async ({ params }, reply) => {
    const id = Number(params.id);
    // Asked again and again by the page: that there is none, or not of that chat any more, is no error.
    if (!ledger || !chatting?.rooms.has(id)) return reply.code(204).send();
    const view = await ledger(id);
    if (!view) throw new Refused(503, 'the database does not answer just now');
    return view;
  });
}

function floodRoute(app: FastifyInstance, { chatting, journal, promises }: Acting): void {
  app.post('/api/flood', async ({ body }) => {
    const { messages, chats } = parse(schemas.flood, body);
    if (!chatting) throw new Refused(409, 'this run uses the real Telegram: nobody can be made to write there');
    flood(chatting.telegram, messages, chats);
    promises.did({ what: 'crowd', by: `a crowd of ${chats}` });
    journal.add({
      level: 'info',
      text: `A crowd of ${chats} sends ${messages} ${messages === 1 ? 'message' : 'messages'} at once`,
    });
    return { said: messages };
  });
}

function platformRoutes(app: FastifyInstance, { platform, observer, journal, promises }: Acting): void {
  app.post<{ Params: { id: string } }>('/api/tasks/:id/kill', async ({ params, body }) => {
    const { signal } = parse(schemas.kill, body);
    const task = platform.tasks().find(({ id }) => id === params.id);
    if (!task) throw new Refused(404, `there is no task "${params.id}"`);
    if (task.pid === undefined) throw new Refused(409, `${task.id} has no process just now`);
    platform.kill(task.id, signal);
    const deed = DEEDS[signal];
    if (deed) promises.did({ what: deed, by: `${signal} to ${task.id}`, task });
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') observer.freeze(task.id, task.pid, signal === 'SIGSTOP');
    journal.add({ level: signal === 'SIGCONT' ? 'info' : 'warn', text: `${task.id} ${TOLD[signal]}` });
    return { id: task.id, signal };
  });

  app.post('/api/database/restart', async () => {
    if (platform.database().state === 'restarting') throw new Refused(409, 'the database is restarting already');
    journal.add({ level: 'warn', text: 'The database is crash-restarted' });
    promises.did({ what: 'database', by: 'the restart of the database' });
    await platform.restartDatabase();
    promises.databaseIsBack();
    return { state: platform.database().state };
  });
}

function faultRoute(
  app: FastifyInstance,
  { chatting, provider, novita, access, media, objects, payers, journal, promises }: Acting,
): void {
  const worlds = { telegram: chatting?.telegram, provider, novita, access, media, objects, ...payers };
  const real = {
    telegram: 'the real Telegram',
    provider: 'the real AI provider',
    novita: 'the real Novita',
    media: 'real websites',
    objects: 'the real object store',
    access: 'the real access provider',
  };

  app.post('/api/faults', async ({ body }) => {
    const { target, faults } = parse(faultsBody, body);
    const world = (worlds as Record<string, { faults: object } | undefined>)[target];
    const name = target in real ? real[target as keyof typeof real] : `the real ${target}`;
    if (!world) throw new Refused(409, `${name} takes no faults from here`);
    inject(world, faults as object);
    for (const line of toldFaults(target, faults)) {
      journal.add(line);
      promises.did({ what: 'fault', by: line.text.replace(/^Fault (on|off): /, '') });
    }
    return { target, faults: world.faults };
  });
}

/** Adds every route under /api. */
export function addActions(app: FastifyInstance, acting: Acting): void {
  chatRoutes(app, acting);
  storyRoute(app, acting);
  menuRoute(app, acting);
  ledgerRoute(app, acting);
  floodRoute(app, acting);
  platformRoutes(app, acting);
  faultRoute(app, acting);
  addBills(app, acting);
}
