/** What a method was called with: JSON, urlencoded, multipart or query string, as the Bot API takes them all. */
import type { IncomingMessage } from 'node:http';
import { readBody } from '../http.ts';
import { badRequest } from './errors.ts';

export type Params = Record<string, unknown>;

/** Bot API's limit of an upload through a method. */
const BODY_LIMIT = 50 * 1024 * 1024;

/** Reads the parameters of a request. @throws ApiError 400 for JSON that is none */
export async function readParams(request: IncomingMessage, query: string): Promise<Params> {
  const body = request.method === 'POST' ? await readBody(request, BODY_LIMIT) : undefined;
  const given: Params = query ? Object.fromEntries(new URLSearchParams(query)) : {};
  if (!body?.length) return given;
  const parsed = await parseBody(body, request.headers['content-type'] ?? '');
  return query ? { ...given, ...parsed } : parsed;
}

async function parseBody(body: Buffer, contentType: string): Promise<Params> {
  if (contentType.startsWith('application/json')) return parseJson(body.toString());
  if (contentType.startsWith('multipart/form-data')) {
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } })
      .formData()
      .catch(() => undefined);
    if (!form) throw badRequest("can't parse the multipart body");
    return Object.fromEntries(form.entries());
  }
  return Object.fromEntries(new URLSearchParams(body.toString()));
}

function parseJson(text: string): Params {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badRequest("can't parse JSON object");
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest('object expected');
  // Half of a surrogate pair stands in JSON as an escape.
  if (/\\ud/i.test(text) && !isWellFormed(value)) throw badRequest('strings must be encoded in UTF-8');
  return value as Params;
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  return typeof value !== 'object' || value === null || Object.values(value).every(isWellFormed);
}

/** A text; empty where it is missing. Numbers are taken as their digits, as the Bot API does. */
export function text(params: Params, name: string): string {
  const value = params[name];
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** An integer, clamped: the Bot API takes what it cannot read as 0 and forces what is out of range into it. */
export function integer(params: Params, name: string, fallback: number, least = -Infinity, most = Infinity): number {
  const given = text(params, name);
  const value = given === '' ? fallback : Number.parseInt(given, 10) || 0;
  return Math.min(most, Math.max(least, value));
}

export function flag(params: Params, name: string): boolean {
  return ['true', '1', 'yes'].includes(text(params, name).toLowerCase());
}

/** A structure, which urlencoded and multipart calls serialise as JSON. @throws ApiError 400 */
export function structure(params: Params, name: string): unknown {
  const value = params[name];
  if (typeof value !== 'string') return value ?? undefined;
  if (value === '') return undefined;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    throw badRequest(`can't parse ${name.replaceAll('_', ' ')} JSON object`);
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
