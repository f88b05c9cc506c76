/** `/control/*`: JSON in, JSON out, for other processes that drive a simulation. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { readBody, sendJson } from './http.ts';

/** What a command takes (from the body or the query string) and does. */
export interface Command {
  run(input: unknown): unknown;
}

export function command<T>(schema: z.ZodType<T>, run: (input: T) => unknown): Command {
  return { run: (input) => run(schema.parse(input)) };
}

/** Faults that are on or off, for a schema; one that is not named is off. */
export const switches = <Name extends string>(...names: Name[]): Record<Name, typeof SWITCH> =>
  Object.fromEntries(names.map((name) => [name, SWITCH])) as Record<Name, typeof SWITCH>;
const SWITCH = z.boolean().exactOptional();

/** Commands by method and name: `POST say`, `GET stats`. */
export type Commands = Record<string, Command>;

const BODY_LIMIT = 16 * 1024 * 1024;

/** Serves `/control/<name>`. Errors are `{error}` in one line: 404 names what there is, 400 says what is wrong. */
export async function control(
  commands: Commands,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  query: string,
): Promise<void> {
  const name = `${request.method} ${path.slice('/control/'.length)}`;
  const body = await readBody(request, BODY_LIMIT);
  const found = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!found) return refuse(response, 404, `no ${name}: there is ${Object.keys(commands).join(', ')}`);
  try {
    const input: unknown = body.length > 0 ? JSON.parse(body.toString()) : numbers(query);
    sendJson(response, 200, JSON.stringify((await found.run(input)) ?? {}));
  } catch (error) {
    if (error instanceof z.ZodError) {
      refuse(response, 400, error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).join('; '));
    } else refuse(response, 400, error instanceof Error ? error.message : String(error));
  }
}

function refuse(response: ServerResponse, status: number, error: string): void {
  sendJson(response, status, JSON.stringify({ error }));
}

function numbers(query: string): Record<string, unknown> {
  const given = [...new URLSearchParams(query)];
  return Object.fromEntries(given.map(([key, value]) => [key, /^-?\d+$/.test(value) ? Number(value) : value]));
}
