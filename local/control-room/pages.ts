/** The page's own files and the runbooks, read once: what is not in the folder at the start is not served. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const FOLDER = join(import.meta.dirname, 'page');
/** Where an alarm says that its runbook is, from the root of the project. */
const RUNBOOKS = 'docs/runbooks';

/** `/` for index.html, `/desk` for desk.html, and every other file by its name. */
const routeOf = (name: string): string => (name === 'index.html' ? '/' : `/${name.replace(/\.html$/, '')}`);

/** Adds a route for each file of page/, and for each runbook. */
export async function servePages(app: FastifyInstance): Promise<void> {
  for (const name of await readdir(FOLDER)) {
    const type = TYPES[extname(name)];
    if (!type) continue;
    serve(app, routeOf(name), type, await readFile(join(FOLDER, name)));
  }
  const runbooks = join(import.meta.dirname, '../..', RUNBOOKS);
  // As it is written: Markdown that a person can read, with nothing in it that a browser would run.
  for (const name of await readdir(runbooks))
    serve(app, `/${RUNBOOKS}/${name}`, 'text/plain; charset=utf-8', await readFile(join(runbooks, name)));
}

function serve(app: FastifyInstance, route: string, type: string, body: Buffer): void {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`;
  app.get(route, async (request, reply) => {
    reply.header('etag', etag).header('cache-control', 'no-cache');
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type(type).send(body);
  });
}
