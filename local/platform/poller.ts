/** Long polling into the same intake: for a real bot on a laptop that Telegram cannot reach. */
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { callTelegram, TelegramError, type TelegramApi } from './telegram-api.ts';

export interface PollerOptions {
  telegram: TelegramApi;
  allowedUpdates: readonly string[];
  /** Of the front door. */
  webhookUrl: string;
  webhookSecret: string;
  say: (line: string) => void;
  /** How long Telegram keeps a poll open, s. */
  hold?: number;
}

export interface Poller {
  /** Updates that the intake has acknowledged. */
  delivered(): number;
  /** Ends the poll and tells Telegram which updates it need not deliver again. */
  stop(): Promise<void>;
}

interface Update {
  update_id: number;
}

const HOLD = 25;
const PAUSE = { first: 500, max: 10_000 };
/** The intake will never take these: a further attempt would stop all that come after. */
const REFUSED = new Set([400, 413]);

/** Polls until stopped. An update counts as received only when the intake has answered 200, which is after its commit. */
export function startPoller(options: PollerOptions): Poller {
  const { telegram, webhookUrl, webhookSecret, say } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let offset = 0;
  let delivered = 0;
  let complaint = '';

  /** Says a trouble once, and again only after it has passed. */
  function complain(now: string): void {
    if (now && now !== complaint) say(now);
    complaint = now;
  }

  const pause = (attempt: number, least = 0) =>
    sleep(Math.max(least, Math.min(PAUSE.max, PAUSE.first * 2 ** attempt)), undefined, { signal }).catch(
      () => undefined,
    );

  async function poll(): Promise<Update[]> {
    const hold = options.hold ?? HOLD;
    const params = { offset, timeout: hold, limit: 100, allowed_updates: options.allowedUpdates };
    return callTelegram<Update[]>(telegram, 'getUpdates', params, { within: (hold + 10) * 1000, signal });
  }

  /** One at a time: the second update of a chat must not be stored before its first. */
  async function deliver(update: Update): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const status = await post(update);
      if (status === 200 || REFUSED.has(status)) {
        if (status !== 200) say(`update ${update.update_id} is refused by the intake (${status}) and left out`);
        else delivered++;
        complain('');
        offset = update.update_id + 1;
        return;
      }
      complain(`the intake does not take updates (${status || 'no answer'}); Telegram keeps them meanwhile`);
      await pause(attempt);
    }
  }

  async function post(update: Update): Promise<number> {
    try {
      const answer = await request(webhookUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': webhookSecret },
        body: JSON.stringify(update),
      });
      await answer.body.dump();
      return answer.statusCode;
    } catch {
      return 0;
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const updates = await poll();
        complain('');
        failures = 0;
        for (const update of updates) await deliver(update);
      } catch (error) {
        if (signal.aborted) return;
        const seconds = error instanceof TelegramError ? (error.retryAfter ?? 0) : 0;
        const other = error instanceof TelegramError && error.code === 409 ? ' (somebody else takes its updates)' : '';
        complain(`Telegram: ${(error as Error).message}${other}; trying again`);
        await pause(failures, seconds * 1000);
        failures += 1;
      }
    }
  }

  const running = run();
  return {
    delivered: () => delivered,
    async stop() {
      stopping.abort();
      await running;
      if (offset === 0) return;
      const confirm = { offset, timeout: 0, limit: 1, allowed_updates: options.allowedUpdates };
      await callTelegram(telegram, 'getUpdates', confirm, { within: 3000 }).catch(() => undefined);
    },
  };
}
