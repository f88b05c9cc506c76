/**
 * An answer shown while it is being written: as a draft, which vanishes by itself, where Telegram takes one; else as a
 * message that is changed until it is the answer. No frame is needed: one that cannot go out within the rate is left out.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { GrammyError } from 'grammy';
import type { Message } from 'grammy/types';
import type { BotContext } from '../../bot/context.ts';
import { withMarkup } from '../../bot/formatted.ts';
import { describeError } from '../../log.ts';
import { RetryLater } from '../../outcome.ts';
import { LAST_FRAME } from '../../../posture/limits.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import { TELEGRAM } from '../../../posture/outside.ts';
import { beginningOf, fromMarkdown, type Formatted } from '../../markdown/index.ts';
import { beginning, isBlank } from '../../text.ts';

/** Ends a message that is no answer yet: who finds one knows that it has to be replaced. */
export const WRITING = ' …';

/** As much Markdown as is read for a frame, UTF-16 code units: what fills a message, with room for its markup. */
const READ = 2 * TELEGRAM.longestText;

/** How long drafts are not tried again after Telegram refused one, ms: a Bot API server of one's own may not know them. */
const REFUSED_FOR = 600_000;

export interface Frames {
  /** All of the answer that has come so far; it is shown at the next turn of the pace. */
  show(text: string): void;
  /**
   * None is begun any more, and none is under way when this resolves.
   * @returns the message that the answer has to replace, where one stands
   * @throws where it is not known whether such a message stands; what the answer is has to be written down before
   */
  end(): Promise<Message.TextMessage | undefined>;
}

const NONE: Frames = { show: () => undefined, end: () => Promise.resolve(undefined) };

/** Makes the frames of each answer; remembers for a while that drafts were refused. */
export function createFrames({ stream: { by, pace } }: Posture['chat']) {
  let draftsAgain = 0;

  return function framesOf(ctx: BotContext): Frames {
    // Of a run that was cut off there may be a message already: its answer comes whole, in that message's place.
    if (by === 'whole' || ctx.turn.update.sends.length > 0) return NONE;
    const { turn } = ctx;
    const chat = ctx.chat!.id;
    const thread = ctx.msg?.is_topic_message ? ctx.msg.message_thread_id : undefined;
    const api = ctx.passing();
    const [ending, cutting] = [new AbortController(), new AbortController()];
    const cut = cutting.signal as unknown as Parameters<typeof api.raw.sendMessageDraft>[1];
    let drafts = by === 'drafts' && Date.now() >= draftsAgain;
    let message: Message.TextMessage | undefined;
    let latest = '';
    let seen = '';
    let shown = '';

    const draft = (frame: Formatted): Promise<unknown> =>
      withMarkup(frame, (text, markup) =>
        api.raw.sendMessageDraft(
          {
            chat_id: chat,
            ...(thread && { message_thread_id: thread }),
            draft_id: turn.update.updateId,
            text,
            ...markup,
          },
          cut,
        ),
      );

    /** Its number is written down at once: a run that comes after a kill changes it, and writes no second one. */
    async function place(frame: Formatted): Promise<void> {
      message = await withMarkup(frame, (text, markup) => ctx.reply(text, markup, cut));
      await turn.recordSends(turn.update.sends);
    }

    async function frame(): Promise<void> {
      if (latest === seen) return;
      seen = latest;
      const frame = beginningOf(fromMarkdown(beginning(seen, READ)), TELEGRAM.longestText - WRITING.length);
      const { text } = frame;
      if (text === shown || isBlank(text)) return;
      shown = text;
      const writing = { ...frame, text: text + WRITING };
      if (!drafts && !message) return place(writing);
      try {
        if (drafts) await draft(frame);
        else
          await withMarkup(writing, (changed, markup) =>
            api.editMessageText(chat, message!.message_id, changed, markup, cut),
          );
      } catch (error) {
        turn.hold();
        turn.log.debug(
          { updateId: turn.update.updateId, reason: describeError(error) },
          'a frame of an answer was left out',
        );
        if (!drafts || !(error instanceof GrammyError)) return;
        drafts = false;
        if (error.error_code !== 403) draftsAgain = Date.now() + REFUSED_FOR;
      }
    }

    async function run(): Promise<void> {
      for (;;) {
        await sleep(pace, undefined, { signal: ending.signal }).catch(() => undefined);
        if (ending.signal.aborted) return;
        await frame();
      }
    }

    const running = run();
    // Told of by end(): whoever waits for the answer meanwhile is not interrupted.
    running.catch(() => undefined);
    return {
      show: (text) => void (latest = text),
      async end() {
        ending.abort();
        const timer = setTimeout(() => cutting.abort(new RetryLater(1_000, 'telegram: a frame was slow')), LAST_FRAME);
        await running.finally(() => clearTimeout(timer));
        return message;
      },
    };
  };
}
