/** The control room: one page on loopback with the chat as its user sees it, and the posture at work beside it. */
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { PlatformView, Simulated } from '../contract/index.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { connectionLimits, connectionsPerTask, hasMedia, usableConnections, type Role } from '../../posture/limits.ts';
import type { Oncall } from '../oncall/watch.ts';
import { addActions, type Chatting, type Ledger } from './actions.ts';
import { createBroadcast, type Broadcast } from './broadcast.ts';
import { guard, isLoopback } from './guard.ts';
import { addDesk } from './desk/routes.ts';
import type { Operator } from './desk/operator.ts';
import { createJournal, linesBetween, type Journal } from './journal.ts';
import { createObserver, type Observer } from './observer.ts';
import { servePages } from './pages.ts';
import { createPromises, type Promises } from './promises.ts';
import { createRooms } from './rooms.ts';

/** Between two looks at tasks, queues and providers. */
const LOOK_MS = 500;
/** Far above Telegram's 4096 characters, escaped. */
const BODY_LIMIT = 64 * 1024;

export interface ControlRoomOptions extends Omit<Simulated, 'payers'>, Partial<Pick<Simulated, 'payers'>> {
  /** 0 takes any free port. */
  port: number;
  /** Loopback only. */
  host: string;
  platform: PlatformView;
  posture: Posture;
  /** Name of the stack whose posture this is. */
  stack: string;
  /** The alarms at home; absent: the page has none. */
  oncall?: Pick<Oncall, 'view'>;
  /** Where somebody's credits are read; absent: the page shows none. */
  ledger?: Ledger;
  /** Does the verbs of `npm run ops` on this bot; absent: the page has no desk and no switches. */
  operator?: Operator;
  /** Where to write to the bot when Telegram is the real one. */
  bot?: { username: string };
  /** Ends the control room when aborted. */
  signal?: AbortSignal;
}

export interface ControlRoom {
  url: string;
  stop(): Promise<void>;
}

/** What the page says about the posture: the numbers that its meters are measured against. */
function declared({ posture, stack }: ControlRoomOptions) {
  const limits = connectionLimits(posture);
  const role = (name: Role) => ({
    connectionLimit: limits[name],
    connectionsPerTask: connectionsPerTask(posture, name),
    memory: posture[name].memory,
    stopTimeout: posture[name].stopTimeout,
  });
  return {
    stack,
    stage: posture.stage,
    web: { ...role('web'), maxInFlight: posture.web.maxInFlight },
    worker: role('worker'),
    ...(hasMedia(posture) && { media: role('media') }),
    usableConnections: usableConnections(posture),
    recoverWithin: posture.lanes.recoverWithin,
  };
}

function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ error: error.message.split('\n')[0] }),
  );
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `nothing is at ${request.method} ${request.url}` }),
  );
}

function streamEvents(app: FastifyInstance, broadcast: Broadcast, snapshot: () => unknown): void {
  app.get('/events', async (_request, reply) => {
    if (!broadcast.hasRoom()) return reply.code(503).send({ error: 'too many pages are open: close some' });
    reply.header('content-type', 'text/event-stream; charset=utf-8').header('cache-control', 'no-store');
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    reply.hijack();
    reply.raw.writeHead(200);
    broadcast.attach(reply.raw, snapshot());
    return reply;
  });
}

/** Passes chat events on at once; those of chats without a tab, such as a crowd's, are not. */
function relayChat(
  app: FastifyInstance,
  { telegram, rooms }: Chatting,
  broadcast: Broadcast,
  promises: Pick<Promises, 'said'>,
): void {
  const unsubscribe = telegram.subscribe((event) => {
    const known = rooms.has(event.chatId);
    const room = rooms.roomOf(event.chatId);
    if (!room) return;
    if (event.kind === 'message' && !event.message.edited && !event.message.charge)
      promises.said(event.chatId, event.message.from);
    if (!known) broadcast.send('room', room);
    broadcast.send(event.kind, event);
  });
  app.addHook('preClose', async () => void unsubscribe());
}

/** Looks twice a second, and right after each command, so that a switch moves when it is touched. */
function lookAround(app: FastifyInstance, observer: Observer, journal: Journal, broadcast: Broadcast): void {
  const look = (): void => {
    const { before, now, changed, sample } = observer.observe(Date.now());
    if (before) for (const line of linesBetween(before, now)) journal.add(line);
    if (Object.keys(changed).length > 0) broadcast.change(changed);
    if (sample) broadcast.send('sample', sample);
  };
  app.addHook('onResponse', async ({ method }) => {
    if (method === 'POST') look();
  });
  look();
  const timer = setInterval(look, LOOK_MS);
  app.addHook('preClose', async () => void clearInterval(timer));
}

async function listen(app: FastifyInstance, { port, host }: ControlRoomOptions): Promise<string> {
  try {
    return await app.listen({ port, host });
  } catch (error) {
    await app.close();
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const message = `control room: port ${port} of ${host} is taken; end what holds it or choose another port`;
    throw Object.assign(new Error(message, { cause: error }), { code: 'EADDRINUSE' });
  }
}

/**
 * Serves the control room until stopped.
 * @throws {Error} one line, when the host is not loopback or the port is taken (then with code EADDRINUSE)
 */
export async function startControlRoom(options: ControlRoomOptions): Promise<ControlRoom> {
  const { host, telegram, provider, novita, access, media, objects, payers = {}, platform, bot, signal } = options;
  if (!isLoopback(host)) {
    throw new Error(`control room: "${host}" is not loopback; it can kill tasks, so bind it to 127.0.0.1`);
  }
  const chatting = telegram && { telegram, rooms: createRooms(telegram) };
  const broadcast = createBroadcast();
  const journal = createJournal((entry) => broadcast.send('log', entry));
  const promises = createPromises(options.posture, journal);
  const observer = createObserver({
    promises,
    oncall: options.oncall,
    platform,
    telegram,
    provider,
    novita,
    access,
    media,
    objects,
    payers,
  });
  const app = Fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: true });
  app.removeContentTypeParser('text/plain');
  guard(app);
  answerErrors(app);
  await servePages(app);
  addActions(app, {
    platform,
    provider,
    novita,
    media,
    objects,
    access,
    payers,
    chatting,
    observer,
    promises,
    journal,
    ledger: options.ledger,
    operator: options.operator,
    opened: (room) => broadcast.send('room', room),
  });
  if (options.operator) {
    const nameOf = (id: number) => (chatting?.rooms.has(id) ? chatting.rooms.roomOf(id)?.name : undefined);
    addDesk(app, { operator: options.operator, journal, nameOf });
  }
  streamEvents(app, broadcast, () => ({
    posture: declared(options),
    rooms: chatting?.rooms.snapshot() ?? null,
    bot: bot ?? null,
    hasBills: Object.keys(payers).length > 0 && chatting !== undefined,
    hasDesk: options.operator !== undefined,
    hasLedger: options.ledger !== undefined && chatting !== undefined,
    sections: observer.current(),
    samples: observer.samples(),
    log: journal.entries(),
  }));
  lookAround(app, observer, journal, broadcast);
  if (chatting) relayChat(app, chatting, broadcast, promises);
  app.addHook('preClose', async () => void broadcast.stop());

  const url = await listen(app, options);
  const stop = async (): Promise<void> => {
    signal?.removeEventListener('abort', onAbort);
    await app.close();
  };
  const onAbort = (): void => void stop();
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) await stop();
  return { url, stop };
}
