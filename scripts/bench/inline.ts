/** `node scripts/bench/inline.ts`: the same bot run inside the webhook request, as grammY's webhookCallback does; nothing is durable. */
import { once } from 'node:events';
import Fastify from 'fastify';
import { Api } from 'grammy';
import { createBotHandler } from '../../app/bot/bot.ts';
import { echo } from '../../app/features/echo/index.ts';
import type { StoredUpdate } from '../../app/lanes/update.ts';
import { createLogger } from '../../app/log.ts';
import type { Limiter } from '../../app/providers/limiter/index.ts';
import { createTelegramClient } from '../../app/providers/telegram.ts';
import { resolve } from '../../posture/resolve.ts';

/** Nothing is durable here, and nothing is shared. */
const UNLIMITED: Limiter = {
  take: () => undefined,
  heard: () => undefined,
  state: () => ({ waiting: 0, waited: 0, postponed: 0, refused: 0, closedFor: 0, alone: 1 }),
  close: async () => undefined,
};

const { BOT_TOKEN: botToken, TELEGRAM_API_ROOT: apiRoot, POSTURE, PORT } = process.env as Record<string, string>;
const posture = resolve(JSON.parse(POSTURE!));
const log = createLogger('inline', 'warn');
const telegram = createTelegramClient(posture, { apiRoot: apiRoot!, botToken: botToken! }, log, UNLIMITED);
const api = new Api(botToken!, { apiRoot: apiRoot! });
const handle = createBotHandler({
  botToken: botToken!,
  apiRoot: apiRoot!,
  me: await api.getMe(),
  telegram,
  features: [echo()],
  jobs: posture.jobs,
});
const never = new AbortController().signal;

const app = Fastify({ logger: false });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
app.get('/ready', async () => ({ ready: true }));
app.post<{ Body: string }>('/telegram/webhook', async (request) => {
  const update: StoredUpdate = {
    botId: 1,
    updateId: 1,
    queue: 'chat',
    lane: '',
    body: request.body,
    age: 0,
    attempts: 0,
    takeovers: 0,
    sends: [],
  };
  await handle({
    update,
    signal: never,
    deadline: Infinity,
    log,
    hold: () => undefined,
    recordSends: async () => undefined,
    transaction: () => Promise.reject(new Error('nothing is durable here')),
    done: () => Promise.reject(new Error('nothing is durable here')),
  });
  return { ok: true };
});
await app.listen({ port: Number(PORT), host: '127.0.0.1' });
await once(process, 'SIGTERM');
process.exit(0);
