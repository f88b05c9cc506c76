/**
 * POST /callback/novita/…: a render is over. Stored beside the updates, in the same INSERT, and acknowledged after the commit.
 * Nothing of it is believed but which render it is, which its address proves, and by which number its provider knows it:
 * what has become of it is asked (faults callback-spoof, render-orphan).
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RENDERED_PATH } from '../../../contract/paths.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import type { StoredUpdate } from '../../lanes/update.ts';
import { renderNamed } from '../../providers/render-names.ts';
import type { Intake } from '../intake.ts';
import type { IncomingUpdate } from '../update.ts';
import type { CallbackCounters } from './index.ts';
import { createLately } from './lately.ts';

const told = z.object({ payload: z.object({ task: z.object({ task_id: z.string().min(1).max(200) }) }) });
const stored = z.strictObject({ rendered: z.string(), task: z.string().optional() });

export type Rendered = z.output<typeof stored>;

const PREFIX = '{"rendered":';
export const isRendered = ({ body }: Pick<StoredUpdate, 'body'>): boolean => body.startsWith(PREFIX);
export const storedRendered = ({ body }: Pick<StoredUpdate, 'body'>): Rendered => stored.parse(JSON.parse(body));

/** Under an id below those of updates, in a lane of its own. */
function incoming(botId: number, rendered: string, raw: Buffer): IncomingUpdate {
  let json: unknown;
  try {
    json = JSON.parse(raw.toString('utf8'));
  } catch {
    // It is over all the same.
  }
  const task = told.safeParse(json).data?.payload.task.task_id;
  const body: Rendered = { rendered, ...(task !== undefined && { task }) };
  const hash = createHash('sha256').update('rendered\n').update(JSON.stringify(body)).digest();
  return {
    updateId: -1 - Number(hash.readBigUInt64BE() >> 12n),
    queue: 'chat',
    lane: `${botId}:render:${rendered}`,
    body: JSON.stringify(body),
  };
}

interface Options {
  intake: Intake;
  botId: number;
  botToken: string;
  posture: Posture;
  draining: () => boolean;
}

/** Makes the route, whatever is switched on: renders may be under way. Shares the webhook's places. */
export function registerRendered(app: FastifyInstance, options: Options): () => CallbackCounters {
  const { intake, botId, botToken, posture, draining } = options;
  const { maxInFlight } = posture.web;
  const { bodyLimit, deadline } = posture.web.callbacks;
  const accept = intake.within(deadline);
  const retryAfter = String(Math.ceil(posture.telegram.retryAfter / 1000));
  const counters = { inFlight: 0, accepted: 0, refused: 0, unsigned: 0, forged: 0, lastAt: 0 };
  const lately = createLately();
  const nameIn = ({ params }: FastifyRequest) => renderNamed(botToken, (params as { name: string }).name);

  function unavailable(reply: FastifyReply): FastifyReply {
    counters.refused += 1;
    return reply.code(503).header('retry-after', retryAfter).send({ error: 'not stored; try again' });
  }

  function admit(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    if (nameIn(request) === undefined) {
      counters.forged += 1;
      lately.count();
      reply.code(403).send({ error: 'not an address of ours' });
    } else if (intake.counters.inFlight >= maxInFlight) {
      unavailable(reply);
    } else {
      counters.inFlight += 1;
      intake.counters.inFlight += 1;
      reply.raw.once('close', () => {
        counters.inFlight -= 1;
        intake.counters.inFlight -= 1;
      });
      done();
    }
  }

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
    scope.post<{ Body: Buffer | undefined }>(
      `${RENDERED_PATH}:name`,
      { onRequest: admit, bodyLimit },
      async (request, reply) => {
        if (draining()) reply.header('connection', 'close');
        if (!(await accept(incoming(botId, nameIn(request)!, request.body ?? Buffer.alloc(0)))))
          return unavailable(reply);
        counters.accepted += 1;
        counters.lastAt = Date.now();
        return reply.code(200).send({ ok: true });
      },
    );
  });

  return () => ({ ...counters, maxInFlight, forgedLately: lately.read() });
}
