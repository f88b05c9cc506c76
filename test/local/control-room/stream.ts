/** Reads server-sent events over real HTTP. */
import { get, type IncomingMessage } from 'node:http';

export interface Received {
  event: string;
  data: unknown;
}

/** An open stream. `next(event, where)` resolves to the first such event, past or to come. */
export interface Stream {
  response: IncomingMessage;
  events: Received[];
  next<T = unknown>(event: string, where?: (data: T) => boolean): Promise<T>;
  closed: Promise<void>;
  close(): void;
}

export async function openStream(url: string): Promise<Stream> {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    get(`${url}/events`, resolve).on('error', reject),
  );
  const events: Received[] = [];
  const waiting = new Set<() => void>();
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const event = /^event: (.*)$/m.exec(frame)?.[1];
      const data = /^data: (.*)$/m.exec(frame)?.[1];
      if (event && data) events.push({ event, data: JSON.parse(data) });
    }
    for (const wake of waiting) wake();
  });
  response.on('error', () => {});
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  return {
    response,
    events,
    closed,
    close: () => response.destroy(),
    next: <T>(event: string, where: (data: T) => boolean = () => true) =>
      new Promise<T>((resolve, reject) => {
        const look = (): void => {
          const found = events.find((one) => one.event === event && where(one.data as T));
          if (!found) return;
          waiting.delete(look);
          resolve(found.data as T);
        };
        waiting.add(look);
        void closed.then(() => reject(new Error(`the stream ended before "${event}"`)));
        look();
      }),
  };
}
