/** Passes notifications on to a Telegram chat, with a bot of its own: the one that is watched may be dead. */
import { messageOf } from './message.ts';

/** The part of an SNS event that is read. */
export interface Notification {
  Records: { Sns: { Message: string } }[];
}

export interface RelayOptions {
  /** Root of the Bot API. */
  apiRoot: string;
  /** Chat that is written to. */
  chat: string;
  /** Token of the on-call bot. Asked for at each notification: a rotated one is used at once. */
  readToken: () => Promise<string>;
  /** Deadline of one message, ms. */
  timeout: number;
}

/** Thrown when Telegram did not take a message; the text never has the token in it. */
export class NotRelayed extends Error {}

/** @throws {NotRelayed} so that Lambda tries again, and counts it as an error, which is an alarm */
export function createRelay(options: RelayOptions): (event: Notification) => Promise<void> {
  return async (event) => {
    const token = await options.readToken();
    // One after the other: the order in which things happened is worth more than the second that it takes.
    for (const { Sns } of event.Records) {
      const text = messageOf(Sns.Message);
      if (text !== undefined) await send(text, token, options);
    }
  };
}

async function send(text: string, token: string, { apiRoot, chat, timeout }: RelayOptions): Promise<void> {
  let response: Response;
  try {
    response = await fetch(`${apiRoot}/bot${token}/sendMessage`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ chat_id: chat, text, link_preview_options: { is_disabled: true } }),
      signal: AbortSignal.timeout(timeout),
      redirect: 'manual',
    });
  } catch {
    throw new NotRelayed(`Telegram gave no answer within ${timeout} ms`);
  }
  const answer = (await response.text().catch(() => '')).slice(0, 500);
  if (!response.ok) throw new NotRelayed(`Telegram did not take the message: HTTP ${response.status} ${answer}`);
}
