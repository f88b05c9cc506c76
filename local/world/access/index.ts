/**
 * The simulated access provider: users that are added, prolonged, removed and looked at, with its real faults: slow, 500,
 * an answer that is lost after it was done, a user that is there already, one that somebody there has removed, and a
 * gateway whose 404 says nothing.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { AccessFaults, AccessUser, SimulatedAccess } from '../../contract/index.ts';
import { Clock } from '../clock.ts';
import { command, control, switches, type Commands } from '../control.ts';
import { listen, readBody, sendJson } from '../http.ts';

const BODY_LIMIT = 64 * 1024;

export const accessFaults = z.strictObject({
  ...switches('error', 'hang', 'loseAnswers', 'notFound'),
  latency: z.number().min(0).max(60_000).exactOptional(),
});

const added = z.object({ id: z.string().min(1), plan: z.string(), until: z.iso.datetime() });
const prolonged = added.omit({ id: true });

/** Starts it. @throws where the port is taken */
export async function startAccess(
  options: { apiKey?: string; host?: string; port?: number } = {},
): Promise<SimulatedAccess> {
  const apiKey = options.apiKey ?? `ak_${randomBytes(24).toString('base64url')}`;
  const users = new Map<string, AccessUser>();
  const clock = new Clock();
  const counters = { calls: 0, added: 0, renewed: 0, removed: 0, looked: 0 };
  let faults: AccessFaults = {};

  const wire = (user: AccessUser): object => ({ ...user, link: linkOf(user.id) });
  const noSuchUser = [404, { error: 'no-such-user' }] as const;

  function did(method: string, path: string, body: Buffer): readonly [number, object] {
    const [, id = '', verb] = /^\/users\/([^/]+)(?:\/(renew|remove))?$/.exec(path)?.map(decodeURIComponent) ?? [];
    if (method === 'POST' && path === '/add-user') {
      const user = added.parse(JSON.parse(body.toString()));
      if (users.has(user.id)) return [409, { error: 'user-exists' }];
      users.set(user.id, user);
      counters.added += 1;
      return [200, wire(user)];
    }
    const user = users.get(id);
    if (!id) return [404, { message: 'no such route' }];
    if (!user) return noSuchUser;
    if (method === 'GET') return ((counters.looked += 1), [200, wire(user)]);
    if (verb === 'renew') {
      const next = { id, ...prolonged.parse(JSON.parse(body.toString())) };
      users.set(id, next);
      counters.renewed += 1;
      return [200, wire(next)];
    }
    users.delete(id);
    counters.removed += 1;
    return [200, { removed: true }];
  }

  const commands: Commands = {
    'GET faults': command(z.object({}), () => faults),
    'PUT faults': command(accessFaults, (wanted) => (faults = wanted)),
    'GET stats': command(z.object({}), () => counters),
    'GET users': command(z.object({}), () => [...users.values()]),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path, query = ''] = request.url!.split('?', 2) as [string, string?];
    if (path.startsWith('/control/')) return control(commands, request, response, path, query);
    const body = await readBody(request, BODY_LIMIT);
    counters.calls += 1;
    const { error, hang, loseAnswers, notFound, latency = 0 } = faults;
    if (request.headers.authorization !== `Bearer ${apiKey}`) return answer(response, 401, { error: 'unauthorized' });
    if (hang) return;
    if (latency > 0) await new Promise<void>((resolve) => void clock.afterReal(latency, resolve));
    if (error) return answer(response, 500, { error: 'internal' });
    if (notFound) return answer(response, 404, { message: 'no such route' });
    try {
      const [status, said] = did(request.method!, path, body);
      // Done, and nobody hears of it.
      if (loseAnswers) return void response.destroy();
      answer(response, status, said);
    } catch {
      answer(response, 400, { error: 'bad-request' });
    }
  }

  const server = await listen(handle, options.host ?? '127.0.0.1', options.port ?? 0);
  return {
    baseUrl: server.origin,
    apiKey,
    get faults() {
      return faults;
    },
    set faults(wanted) {
      faults = wanted;
    },
    users: () => [...users.values()],
    remove: (id) => users.delete(id),
    stats: () => ({ ...counters }),
    async stop() {
      clock.stop();
      await server.stop();
    },
  };
}

const linkOf = (id: string): string => `https://access.example.com/u/${Buffer.from(id).toString('base64url')}`;

const answer = (response: ServerResponse, status: number, said: object): void => {
  if (!response.destroyed) sendJson(response, status, JSON.stringify(said));
};
