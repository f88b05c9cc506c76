/** Who may talk to the control room: this machine's browser, from the control room's own page, and nobody else. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Trusted types close the last door of DOM injection: the page builds nodes and never parses HTML. */
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** What may be opened by a link. */
const PAGES = new Set(['/', '/desk']);

const HEADERS = {
  'content-security-policy': CSP,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Whether an address to bind is this machine's alone. */
export const isLoopback = (host: string): boolean => LOOPBACK.has(host) || host === '::1';

/**
 * Why a request is refused, or undefined. A name that is not loopback's own means DNS rebinding; an Origin other than
 * the Host means that another page, perhaps one on another local port, sent it. Programs without a browser send no
 * Origin and are let in: they run on this machine already.
 */
export function refusal(headers: FastifyRequest['headers']): string | undefined {
  const host = headers.host ?? '';
  if (!LOOPBACK.has(host.replace(/:\d+$/, ''))) {
    return `host "${host}" is not this machine's loopback: open the address that npm start printed`;
  }
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}`) {
    return `origin "${origin}" is not the control room's: only its own page may ask`;
  }
  const site = headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') {
    return `a page of another site asked (sec-fetch-site "${site}"): only the control room's own page may`;
  }
  return undefined;
}

/** Puts the refusals before, and the security headers on, every answer. */
export function guard(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    // A link from elsewhere may open the page itself; it may not read or do anything.
    const opensPage = request.method === 'GET' && PAGES.has(request.url) && request.headers.origin === undefined;
    const headers = opensPage ? { host: request.headers.host } : request.headers;
    const reason = refusal(headers);
    if (reason) return reply.code(403).send({ error: reason });
  });
}
