/**
 * Sends a file into the chat as a stream from the disk. It says that it sends in a commit before the first byte leaves;
 * where nobody knows whether it arrived it is sent once more, and says so (fault ambiguous-send).
 */
import { GrammyError, InputFile, type Api } from 'grammy';
import type { Message } from 'grammy/types';
import type { FileKind } from '../../providers/fetching/link.ts';
import type { SentFile } from './sent-files.ts';

interface Shown {
  api: Api;
  chat: number;
  path: string;
  name: string;
  kind: FileKind;
  caption: string | undefined;
  signal: AbortSignal;
}

/**
 * @returns what Telegram has of it; undefined where it does not say
 * @throws as the API does
 */
export async function show({ api, chat, path, name, kind, caption, signal }: Shown): Promise<SentFile | undefined> {
  // grammY writes the name as it is given, and one with a blank in it is none without quotes (RFC 7578).
  const file = new InputFile(path, `"${name}"`);
  const other = caption === undefined ? {} : { caption };
  const as = signal as unknown as Parameters<typeof api.getMe>[0];
  if (kind === 'video') return seen(await api.sendVideo(chat, file, { ...other, supports_streaming: true }, as));
  if (kind === 'audio') return seen(await api.sendAudio(chat, file, other, as));
  return seen(await api.sendDocument(chat, file, other, as));
}

/** Whatever it was sent as, Telegram may have made it something else. */
function seen({ video, audio, document }: Message): SentFile | undefined {
  if (video) return { kind: 'video', fileId: video.file_id };
  if (audio) return { kind: 'audio', fileId: audio.file_id };
  return document && { kind: 'document', fileId: document.file_id };
}

/** It understood and does not take it. */
export const isRefusal = (error: unknown): error is GrammyError => error instanceof GrammyError;
