/**
 * The access provider: a user is added, prolonged and removed. Each may be asked twice and is done once. Nothing but its own
 * word says that a user is gone: a 404 of a gateway, a 500 or silence says nothing (fault expiry-renewal-race).
 */
import { z } from 'zod';
import type { Posture } from '../../posture/schema/index.ts';
import type { Logger } from '../log.ts';
import { createHttpClient, type HttpAnswer } from './http.ts';
import { createPolicy, ProviderFailure, type ProviderPolicy } from './policy.ts';

/** A user as it should be there. */
export interface WantedAccess {
  id: string;
  plan: string;
  until: Date;
}

/** It understood and declined: our key, or what we ask for. */
export class AccessRefusal extends Error {
  override readonly name = 'AccessRefusal';
}

export interface AccessProvider {
  /**
   * Has the user be there until then, new or not.
   * @returns what its user needs to use it
   * @throws {AccessRefusal} {RetryLater} {ProviderFailure}
   */
  give(wanted: WantedAccess, signal: AbortSignal): Promise<string>;
  /** Has the user not be there. @throws {AccessRefusal} {RetryLater} {ProviderFailure} */
  take(id: string, signal: AbortSignal): Promise<void>;
  /**
   * @returns until when it is there; `gone` only where the provider says so itself
   * @throws {AccessRefusal} {RetryLater} {ProviderFailure}
   */
  look(id: string, signal: AbortSignal): Promise<{ until: Date } | 'gone'>;
  state: ProviderPolicy['state'];
  close(): Promise<void>;
}

const there = z.object({ id: z.string(), link: z.string().min(1).max(1000), until: z.iso.datetime({ offset: true }) });
/** Its own word for a user that it does not have: whatever stands in between says it otherwise. */
const gone = z.object({ error: z.literal('no-such-user') });
const exists = z.object({ error: z.literal('user-exists') });
const removed = z.object({ removed: z.literal(true) });

const isGone = ({ status, json }: HttpAnswer): boolean =>
  (status === 404 || status === 410) && gone.safeParse(json).success;

export function createAccessProvider(
  posture: Posture,
  { baseUrl, apiKey }: { baseUrl: string; apiKey: string },
  log: Logger,
): AccessProvider {
  const { timeout, concurrency } = posture.providers.access;
  const policy = createPolicy('access', posture, log);
  const http = createHttpClient({ name: 'access', baseUrl, timeout, connections: concurrency, maxBytes: 64 * 1024 });
  const headers = { authorization: `Bearer ${apiKey}` };

  const ask = (method: 'GET' | 'POST', path: string, signal: AbortSignal, body?: object): Promise<HttpAnswer> =>
    policy.call(
      async (own) => {
        const answer = await http.request({
          method,
          path,
          headers,
          signal: own,
          ...(body && { body: JSON.stringify(body) }),
        });
        const { status } = answer;
        if (status === 429) throw new ProviderFailure('access: answered 429', 'not-done');
        if (status >= 500) throw new ProviderFailure(`access: answered ${status}`, 'unknown');
        return answer;
      },
      signal,
      'safe',
    );

  /** What it says is not what was asked for: a wrong key or address, or something in between. */
  function unexpected(what: string, { status }: HttpAnswer): Error {
    if (status === 401 || status === 403 || status === 400 || status === 422)
      return new AccessRefusal(`access: ${what}: answered ${status}`);
    return new ProviderFailure(`access: ${what}: an answer (${status}) that is not the provider's`, 'unknown');
  }

  const path = (id: string, verb = ''): string => `/users/${encodeURIComponent(id)}${verb}`;

  return {
    async give({ id, plan, until }, signal) {
      const added = await ask('POST', '/add-user', signal, { id, plan, until: until.toISOString() });
      if (added.status < 300) {
        const user = there.safeParse(added.json).data;
        if (user?.id === id) return user.link;
        throw unexpected('add-user', added);
      }
      if (!(added.status === 409 && exists.safeParse(added.json).success)) throw unexpected('add-user', added);
      const prolonged = await ask('POST', path(id, '/renew'), signal, { plan, until: until.toISOString() });
      const user = prolonged.status < 300 ? there.safeParse(prolonged.json).data : undefined;
      if (user?.id === id) return user.link;
      // It went in between the two: the next attempt adds it.
      if (isGone(prolonged)) throw new ProviderFailure('access: a user was there, and then was not', 'not-done');
      throw unexpected('renew', prolonged);
    },
    async take(id, signal) {
      const answer = await ask('POST', path(id, '/remove'), signal);
      if (isGone(answer) || (answer.status < 300 && removed.safeParse(answer.json).success)) return;
      throw unexpected('remove-user', answer);
    },
    async look(id, signal) {
      const answer = await ask('GET', path(id), signal);
      if (isGone(answer)) return 'gone';
      const user = answer.status < 300 ? there.safeParse(answer.json).data : undefined;
      if (user?.id === id) return { until: new Date(user.until) };
      throw unexpected('look', answer);
    },
    state: policy.state,
    close: () => http.close(),
  };
}
