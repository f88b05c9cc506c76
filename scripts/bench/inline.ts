/** `node scripts/bench/inline.ts`: the same bot run inside the webhook request, as grammY's webhookCallback does; nothing is durable. */
import { once } from 'node:events';
import Fastify from 'fastify';
import { openBot } from './bot.ts';

const bot = await openBot('inline');
const app = Fastify({ logger: false });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
app.get('/ready', async () => ({ ready: true }));
app.post<{ Body: string }>('/telegram/webhook', async (request) => {
  await bot.handle(request.body);
  return { ok: true };
});
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
await once(process, 'SIGTERM');
process.exit(0);
