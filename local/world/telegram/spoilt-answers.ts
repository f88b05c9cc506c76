/** How an answer of the Bot API arrives: whole, or spoilt on its way. */
import type { ServerResponse } from 'node:http';
import type { TelegramFaults } from '../../contract/index.ts';
import { sendJson } from '../http.ts';

export interface Answer {
  status: number;
  body: string;
  headers: Record<string, string>;
}

/** A gateway that does not reach Telegram. */
export class GatewayError extends Error {
  readonly status: 502 | 504;
  constructor(status: 502 | 504) {
    super(`gateway answered ${status}`);
    this.status = status;
  }
}

/** A gateway's page in Telegram's place. */
export function sendPage(response: ServerResponse, status: 502 | 504): void {
  const what = status === 502 ? 'Bad Gateway' : 'Gateway Time-out';
  const page = `<html><head><title>${status} ${what}</title></head><body><center>nginx</center></body></html>`;
  response.writeHead(status, { 'content-type': 'text/html', 'content-length': Buffer.byteLength(page) });
  response.end(page);
}

export function sendAnswer(
  response: ServerResponse,
  { status, body, headers }: Answer,
  fault: TelegramFaults['spoiltAnswers'],
): void {
  if (fault === 'reset') return void response.socket?.resetAndDestroy();
  if (fault === 'null') return sendJson(response, 200, 'null');
  if (fault === 'malformed') return sendJson(response, 200, body.slice(0, -1));
  if (fault === undefined) return sendJson(response, status, body, headers);
  // Cut: as long as it should be by its header, and shorter.
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.write(body.slice(0, body.length >> 1), () => response.socket?.destroy());
}
