/**
 * POST /callback/…: what a provider says of a payment is stored as it came, in the same INSERT as Telegram's updates, and
 * acknowledged after the commit. It is looked at afterwards, by a worker: here nothing depends on what it says but its
 * signature. A well-signed one is never refused for its content: two providers switch a callback off that is (faults
 * callback-spoof, callback-silence).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CallbackSource } from '../../../contract/paths.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import { atMostEvery, type Logger } from '../../log.ts';
import type { Intake } from '../intake.ts';
import { createLately } from './lately.ts';
import type { Receiver } from './receivers.ts';
import { incomingCallback } from './stored.ts';

export type { Receiver } from './receivers.ts';
export { isRendered, registerRendered, storedRendered, type Rendered } from './rendered.ts';
export { isCallback, storedCallback, type Callback } from './stored.ts';

export interface CallbackCounters {
  /** Let in, and their answer is not out yet. */
  inFlight: number;
  maxInFlight: number;
  accepted: number;
  /** 503: not stored in time, or too many at once. */
  refused: number;
  /** Without a signature: scanners. */
  unsigned: number;
  /** With a signature that is not the provider's, since the start and of late. */
  forged: number;
  forgedLately: number;
  /** Unix time of the last one that was accepted, ms; 0 before the first. */
  lastAt: number;
}

interface Options {
  receivers: readonly Receiver[];
  intake: Intake;
  botId: number;
  posture: Posture;
  log: Logger;
  /** True while the task is leaving: a connection is closed after its answer. */
  draining: () => boolean;
}

/** Makes the routes; the counters are by provider. */
export function registerCallbacks(app: FastifyInstance, options: Options): () => Record<string, CallbackCounters> {
  const counters = options.receivers.map((receiver) => [receiver.source, register(app, receiver, options)] as const);
  return () => Object.fromEntries(counters.map(([source, read]) => [source, read()]));
}

function register(app: FastifyInstance, receiver: Receiver, options: Options): () => CallbackCounters {
  const { intake, botId, posture, log, draining } = options;
  const { source, path, header, form } = receiver;
  const { maxInFlight, bodyLimit, deadline } = posture.web.callbacks;
  const accept = intake.within(deadline);
  const retryAfter = String(Math.ceil(posture.telegram.retryAfter / 1000));
  const counters = { inFlight: 0, accepted: 0, refused: 0, unsigned: 0, forged: 0, lastAt: 0 };
  const lately = createLately();
  const warn = atMostEvery(60_000, (what: CallbackSource) =>
    log.warn({ callback: what, forged: counters.forged }, 'a callback is not signed by its provider: refused'),
  );

  function unavailable(reply: FastifyReply): FastifyReply {
    counters.refused += 1;
    return reply.code(503).header('retry-after', retryAfter).send({ error: 'not stored; try again' });
  }

  function admit(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    const signature = request.headers[header];
    if (typeof signature !== 'string' || !form.test(signature)) {
      counters.unsigned += 1;
      reply.code(403).send({ error: 'not signed' });
    } else if (counters.inFlight >= maxInFlight) {
      // Without a look at the pool: Telegram's updates and queries keep their connections.
      unavailable(reply);
    } else {
      counters.inFlight += 1;
      reply.raw.once('close', () => (counters.inFlight -= 1));
      done();
    }
  }

  app.register(async (scope) => {
    // Bytes: one of the signatures is of them, and they are stored as they came.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
    scope.post<{ Body: Buffer | undefined }>(path, { onRequest: admit, bodyLimit }, async (request, reply) => {
      const raw = request.body ?? Buffer.alloc(0);
      if (draining()) reply.header('connection', 'close');
      if (!receiver.isSigned(raw, request.headers[header] as string)) {
        counters.forged += 1;
        lately.count();
        warn(source);
        return reply.code(403).send({ error: 'wrong signature' });
      }
      const stored = await accept(incomingCallback({ source, raw }, botId, receiver.payerOf(raw)));
      if (!stored) return unavailable(reply);
      counters.accepted += 1;
      counters.lastAt = Date.now();
      return reply.code(200).send({ ok: true });
    });
  });

  return () => ({ ...counters, maxInFlight, forgedLately: lately.read() });
}
