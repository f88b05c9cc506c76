/** POST /telegram/webhook: liveness, secret, schema, durable insert, 200 (faults liveness-order, false-200). */
import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WEBHOOK_PATH } from '../../contract/paths.ts';
import type { Posture } from '../../posture/schema/index.ts';
import type { Intake } from './intake.ts';
import { parseUpdate } from './update.ts';

const SECRET_HEADER = 'x-telegram-bot-api-secret-token';

interface WebhookOptions {
  intake: Intake;
  botId: number;
  /** Secrets that are accepted: the one that Telegram was given, and while it is rotated the one before. */
  secrets: readonly string[];
  posture: Posture;
  /** Called for every request before anything else about it is known. */
  alive: () => void;
  /** True while the task is leaving: a connection is closed after its answer. */
  draining: () => boolean;
}

/**
 * Compares in a time that does not depend on where the first difference is. A length other than the secret's is told
 * apart by time; the length is no secret.
 */
function sameSecret(given: string | string[] | undefined, wanted: Buffer): boolean {
  const bytes = Buffer.from(typeof given === 'string' ? given : '');
  return bytes.length === wanted.length ? timingSafeEqual(bytes, wanted) : !timingSafeEqual(wanted, wanted);
}

export function registerWebhook(app: FastifyInstance, options: WebhookOptions): void {
  const { intake, botId, posture } = options;
  const wanted = options.secrets.map((secret) => Buffer.from(secret));
  const retryAfter = String(Math.ceil(posture.telegram.retryAfter / 1000));

  const unavailable = (reply: FastifyReply): FastifyReply =>
    reply.code(503).header('retry-after', retryAfter).send({ error: 'not stored; try again' });

  function admit(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    options.alive();
    if (!wanted.some((secret) => sameSecret(request.headers[SECRET_HEADER], secret))) {
      intake.counters.forbidden += 1;
      reply.code(403).send({ error: 'wrong secret' });
    } else if (intake.counters.inFlight >= posture.web.maxInFlight) {
      intake.counters.refused += 1;
      unavailable(reply);
    } else {
      // Counted from here and not from its commit: a body that is still on its way holds memory as well (law memory.fits).
      intake.counters.inFlight += 1;
      reply.raw.once('close', () => (intake.counters.inFlight -= 1));
      done();
    }
  }

  app.register(async (scope) => {
    // The body stays text: it is stored as it came, whatever content type it says.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    scope.post<{ Body: string | undefined }>(WEBHOOK_PATH, { onRequest: admit }, async (request, reply) => {
      const update = parseUpdate(request.body ?? '', botId);
      if (options.draining()) reply.header('connection', 'close');
      if (update === undefined) {
        intake.counters.malformed += 1;
        return reply
          .code(400)
          .send({ error: 'not a Telegram update: a JSON object with an integer update_id is expected' });
      }
      return (await intake.accept(update)) ? reply.code(200).send({ ok: true }) : unavailable(reply);
    });
  });
}
