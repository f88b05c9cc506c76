/**
 * Server-sent events to every open page. A page that reads slowly costs a bounded amount of memory: states wait merged
 * into one (the newest wins), and a page whose unread messages pass the bound is cut off; its EventSource comes back
 * and gets a fresh snapshot.
 */
import type { ServerResponse } from 'node:http';
import type { Sections } from './wire.ts';

/** Unread bytes after which a page is cut off. */
export const MAX_UNREAD = 1024 * 1024;
/** Pages open at once. */
export const MAX_PAGES = 32;
const HEARTBEAT_MS = 5_000;

interface Page {
  response: ServerResponse;
  /** Sections that changed while the page was not reading. */
  waiting: Partial<Sections>;
}

const frame = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

export type Broadcast = ReturnType<typeof createBroadcast>;

export function createBroadcast() {
  const pages = new Set<Page>();

  const write = (page: Page, text: string): void => {
    if (page.response.writableLength + text.length > MAX_UNREAD) {
      pages.delete(page);
      page.response.destroy();
      return;
    }
    page.response.write(text);
  };

  const flush = (page: Page): void => {
    if (page.response.writableNeedDrain || Object.keys(page.waiting).length === 0) return;
    const sections = page.waiting;
    page.waiting = {};
    write(page, frame('change', sections));
  };

  const heartbeat = setInterval(() => {
    for (const page of pages) if (!page.response.writableNeedDrain) write(page, frame('heartbeat', Date.now()));
  }, HEARTBEAT_MS);
  heartbeat.unref();

  return {
    /** Whether one more page may be opened. */
    hasRoom: () => pages.size < MAX_PAGES,
    /** Pages that are open. */
    size: () => pages.size,

    /** Takes over a response whose head is already written, and begins with the snapshot. */
    attach(response: ServerResponse, snapshot: unknown): void {
      const page: Page = { response, waiting: {} };
      pages.add(page);
      response.on('close', () => pages.delete(page));
      response.on('error', () => pages.delete(page));
      response.on('drain', () => flush(page));
      response.write(`retry: 1000\n${frame('snapshot', snapshot)}`);
    },

    /** Something that every page must see: a message, a log entry. */
    send(event: string, data: unknown): void {
      const text = frame(event, data);
      for (const page of pages) write(page, text);
    },

    /** New values of sections. A page that is behind gets only the newest of each. */
    change(sections: Partial<Sections>): void {
      for (const page of pages) {
        page.waiting = { ...page.waiting, ...sections };
        flush(page);
      }
    },

    stop(): void {
      clearInterval(heartbeat);
      for (const page of pages) page.response.end();
      pages.clear();
    },
  };
}
