/** What every step of a download ends in: what is said, in the place of what was said before. */
import { InlineKeyboard } from 'grammy';
import { z } from 'zod';
import type { Posture } from '../../../posture/schema/index.ts';
import type { Tx } from '../../database/tx.ts';
import { jobQueue } from '../../jobs/queue.ts';
import { say, sayProgress } from '../../outbox/index.ts';
import { ask, languageOf, tapAction } from '../../people/index.ts';
import type { Why } from '../../providers/fetching/not-fetched.ts';
import type { Language } from '../../texts/index.ts';
import { causeOf, endDownload, hadToday, QUALITIES, type Download } from './downloads.ts';
import { makeLink } from './links.ts';
import type { SentFile } from './sent-files.ts';
import { texts } from './texts.ts';

export const downloads = jobQueue('download', z.strictObject({ download: z.int() }));

export const asking = tapAction('download', z.strictObject({ link: z.string() }), [...QUALITIES, 'leave']);
export const cancelling = tapAction('download-cancel', z.strictObject({ download: z.int() }), ['cancel']);

export const revoking = tapAction('download-revoke', z.strictObject({ link: z.int() }), ['revoke']);

interface Of {
  botId: number;
  posture: Posture;
}

const MB = 1_000_000;
const HOUR = 3_600_000;

/** The one message that is changed while it comes, with the button that ends it. */
export async function tell(
  tx: Tx,
  { botId, posture }: Of,
  { id, userId }: Pick<Download, 'id' | 'userId'>,
  step: string,
  text: (language: Language) => string,
  { canCancel = true } = {},
): Promise<void> {
  const language = await languageOf(tx, botId, userId);
  const cause = `${causeOf(id)}:cancel`;
  const lasts = 2 * posture.downloads.endsWithin;
  const data = canCancel && (await ask(tx, cancelling, { botId, userId, cause, input: { download: id }, lasts }));
  await sayProgress(tx, {
    of: causeOf(id),
    step,
    chat: userId,
    text: text(language),
    button: data ? [texts.cancel(language), data('cancel')] : undefined,
  });
}

/** In the place of what was said of it so far. */
async function tellEnd(
  tx: Tx,
  { id, userId }: Pick<Download, 'id' | 'userId'>,
  text: string,
  keyboard?: InlineKeyboard,
): Promise<void> {
  await say(tx, {
    cause: `${causeOf(id)}:end`,
    class: 'notice',
    chat: userId,
    method: 'sendMessage',
    payload: { text, link_preview_options: { is_disabled: true }, ...(keyboard && { reply_markup: keyboard }) },
    replaces: causeOf(id),
  });
}

/** Why a download ends without a file; each has its words. */
export type Failure = Why | 'unknown' | 'untaken' | 'off' | 'broken';

export async function fail(tx: Tx, { botId }: Of, download: Download, why: Failure): Promise<void> {
  await endDownload(tx, download, 'failed', why);
  await tellEnd(tx, download, texts[`failed-${why}`](await languageOf(tx, botId, download.userId)));
}

/** It is ended by who asked for it. */
export async function cancel(tx: Tx, { botId }: Of, download: Download): Promise<void> {
  await endDownload(tx, download, 'cancelled', 'cancelled');
  await tellEnd(tx, download, texts.cancelled(await languageOf(tx, botId, download.userId)));
}

/** It is there. */
export async function finish(tx: Tx, { botId, posture }: Of, download: Download): Promise<void> {
  const { userId } = download;
  await endDownload(tx, download, 'sent', null);
  const left = await leftOf(tx, { botId, posture }, userId);
  await tellEnd(tx, download, texts.done(await languageOf(tx, botId, userId), { left }));
}

async function leftOf(tx: Tx, { botId, posture }: Of, userId: number): Promise<number> {
  const { perDay } = posture.downloads;
  return Math.max(0, perDay - (await hadToday(tx, { botId, userId }, perDay)));
}

/** It lies in the object store: its person is told where, and nobody else ever is. */
export async function handOver(
  tx: Tx,
  { botId, posture }: Of,
  download: Download,
  { name, size, addressOf }: { name: string; size: number; addressOf: (token: string) => string },
): Promise<void> {
  const { userId } = download;
  const { links: lasts } = posture.downloads;
  const { id, token } = await makeLink(tx, { botId, download, name, size, lasts });
  await endDownload(tx, download, 'sent', null);
  const left = await leftOf(tx, { botId, posture }, userId);
  const language = await languageOf(tx, botId, userId);
  const cause = `${causeOf(download.id)}:revoke`;
  const data = await ask(tx, revoking, { botId, userId, cause, input: { link: id }, lasts });
  const said = { name, size: Math.ceil(size / MB), link: addressOf(token), hours: Math.floor(lasts / HOUR) };
  const text = `${texts.kept(language, said)}\n\n${texts.done(language, { left })}`;
  await tellEnd(tx, download, text, new InlineKeyboard().text(texts.revoke(language), data('revoke')));
}

/** Telegram has it already: it is sent from there, in this commit. */
export async function sendAgain(tx: Tx, of: Of, download: Download, { kind, fileId }: SentFile): Promise<void> {
  const { id, userId } = download;
  const file = { cause: `${causeOf(id)}:file`, class: 'notice', chat: userId } as const;
  if (kind === 'video') await say(tx, { ...file, method: 'sendVideo', payload: { video: fileId } });
  else if (kind === 'audio') await say(tx, { ...file, method: 'sendAudio', payload: { audio: fileId } });
  else await say(tx, { ...file, method: 'sendDocument', payload: { document: fileId } });
  await finish(tx, of, download);
}
