/**
 * GET /d/TOKEN: leads whoever has the link on to the file, for as long as the link lasts by the database's clock. The
 * address in the object store is made for this one request and soon over, so a link that was revoked leads nowhere.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { FILES_PATH } from '../../contract/paths.ts';
import type { Pool } from '../database/pool.ts';
import { describeError, type Logger } from '../log.ts';
import { objectOf, type ObjectStore } from '../providers/objects.ts';

interface Options {
  botId: number;
  pool: Pool;
  store: Pick<ObjectStore, 'address'>;
  log: Logger;
  /** True while the task is leaving: a connection is closed after its answer. */
  draining: () => boolean;
}

/** As links.ts of the feature makes them. */
const TOKEN = /^[\w-]{43}$/;
/** How long the address in the store can be begun to be read from, ms. */
const LASTS = 5 * 60_000;
/** Looks into the database at once: all others are asked to come back, and updates keep their connections. */
const AT_ONCE = 8;

/** One line for a person in front of a browser. */
const OVER = 'This link is over, or was never there.\nDiesen Link gibt es nicht mehr, oder es gab ihn nie.\n';
const BUSY = 'Too many at once, please try again.\nZu viele auf einmal, bitte noch einmal versuchen.\n';

export function registerFiles(app: FastifyInstance, { botId, pool, store, log, draining }: Options): void {
  let looking = 0;

  /** file_link_token_hash_key */
  async function find(token: string): Promise<{ download: number; name: string } | undefined> {
    const { rows } = await pool.query<{ download: number; name: string }>({
      name: 'file-link',
      text: `
        SELECT download_id::float8 AS download, name FROM evenkeel.file_link
        WHERE token_hash = $2 AND bot_id = $1 AND revoked_at IS NULL AND expires_at > now()`,
      values: [botId, createHash('sha256').update(token).digest()],
    });
    return rows[0];
  }

  const say = (reply: FastifyReply, code: number, text: string) =>
    reply.code(code).type('text/plain; charset=utf-8').send(text);

  app.get<{ Params: { token: string } }>(`${FILES_PATH}:token`, async ({ params: { token } }, reply) => {
    // Who is led on, and from where, is nobody's business: the link is the key.
    reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-robots-tag': 'noindex' });
    if (draining()) reply.header('connection', 'close');
    if (!TOKEN.test(token)) return say(reply, 404, OVER);
    if (looking >= AT_ONCE) return say(reply.header('retry-after', '1'), 503, BUSY);
    looking += 1;
    try {
      const found = await find(token);
      if (!found) return await say(reply, 404, OVER);
      return await reply.redirect(await store.address(objectOf(botId, found.download), found.name, LASTS), 302);
    } catch (error) {
      log.warn({ error: describeError(error) }, 'a link to a file leads nowhere just now');
      return await say(reply.header('retry-after', '5'), 503, BUSY);
    } finally {
      looking -= 1;
    }
  });
}
