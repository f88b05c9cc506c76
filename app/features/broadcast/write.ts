/** Writes to a few, at the pace that is left for broadcasts, and tells what became of each. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Post } from '../../outbox/index.ts';
import { BLOCKED } from '../../outbox/send.ts';
import { beginning } from '../../text.ts';
import { spokenTo } from '../../texts/index.ts';
import { callOf } from './content.ts';
import type { Became, Recipient } from './recipients.ts';
import type { Broadcast } from './store.ts';

interface Options {
  /** Messages a second. */
  pace: number;
  signal: AbortSignal;
  hold: () => void;
}

/** Nobody is there: what a 400 says of the chat, and not of what was said to it. */
const NOBODY = /chat not found|user not found|PEER_ID_INVALID|USER_ID_INVALID|CHAT_ID_INVALID|INPUT_USER_DEACTIVATED/i;
const GONE = /deactivated|not found|INVALID/i;
/** Of an edit: that message is not there, or is nothing that can be changed. */
const NOT_THERE =
  /message to edit not found|message can't be edited|MESSAGE_ID_INVALID|there is no (text|caption) in the message/i;
/** Pause before an edit is repeated of which nobody knows whether it was made, ms: doing it twice is doing it once. */
const AGAIN = 5_000;
/** Waits that a timer cannot keep, ms. */
const LEAST = 2;

const pause = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal });

/** Those who are written to before anything is committed of them. */
export interface Batch {
  broadcast: Broadcast;
  recipients: Recipient[];
}

export interface Written {
  all: Became[];
  /** Why Telegram refuses what it says, to whomever. */
  refused: string | undefined;
  /** Those who cannot be written to. */
  nobody: number[];
}

type One = Became & { refused?: string };

export function createWriter(post: Post, { pace, signal, hold }: Options) {
  const interval = 1000 / pace;
  let slot = performance.now();

  async function turn(): Promise<void> {
    const now = performance.now();
    slot = Math.max(slot + interval, now - interval);
    if (slot - now >= LEAST) await pause(slot - now, signal);
  }

  async function one({ broadcast }: Batch, { user, chosen, app, message }: Recipient): Promise<One> {
    const { category, content } = broadcast;
    const edits = broadcast.phase === 'edit' && message !== null ? { edits: message } : {};
    const call = callOf(content, { category, language: spokenTo(chosen, app), ...edits });
    const became = await post({ chat: user, ...call }, { signal, hold });
    const is = (fate: Became['fate'], after = 0): One => ({ user, fate, after, message });
    switch (became.state) {
      case 'sent': {
        const { message_id: id } = became.result as { message_id?: number };
        return { ...is('sent'), message: id ?? message };
      }
      case 'unknown':
        return is('unknown', AGAIN);
      case 'waiting':
        return is('again', became.after);
      case 'dead':
        if (became.code === BLOCKED) return is(GONE.test(became.error) ? 'gone' : 'blocked');
        if (NOBODY.test(became.error)) return is('gone');
        if ('edits' in edits && NOT_THERE.test(became.error)) return is('failed');
        return { ...is('failed'), refused: beginning(became.error, 300) };
    }
  }

  return {
    async write(batch: Batch): Promise<Written> {
      const under: Promise<One>[] = [];
      let refused: string | undefined;
      for (const recipient of batch.recipients) {
        await turn();
        // Those who are left have not been written to, and wait for what a person decides.
        if (refused !== undefined) {
          under.push(Promise.resolve({ user: recipient.user, fate: 'again', after: 0, message: recipient.message }));
          continue;
        }
        under.push(
          one(batch, recipient).then((became) => {
            refused ??= became.refused;
            return became;
          }),
        );
      }
      const all = await Promise.all(under);
      const nobody = all.flatMap(({ user, fate }) => (fate === 'blocked' || fate === 'gone' ? [user] : []));
      return { all, refused, nobody };
    },
  };
}
