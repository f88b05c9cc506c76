/** What Telegram has of a link in a quality: sent again from there, and not fetched again. By a hash of the two. */
import { createHash } from 'node:crypto';
import type { Tx } from '../../database/tx.ts';
import type { Quality } from './downloads.ts';

export interface SentFile {
  kind: 'video' | 'audio' | 'document';
  fileId: string;
}

const hashOf = (link: string, quality: Quality): Buffer => createHash('sha256').update(`${quality}\n${link}`).digest();

/** sent_file_pkey. @param within ms */
export async function sentFile(
  tx: Tx,
  botId: number,
  link: string,
  quality: Quality,
  within: number,
): Promise<SentFile | undefined> {
  const { rows } = await tx.query<SentFile>({
    name: 'sent-file',
    text: `
      SELECT kind, file_id AS "fileId" FROM evenkeel.sent_file
      WHERE bot_id = $1 AND hash = $2 AND sent_at > now() - $3::float8 * interval '1 ms'`,
    values: [botId, hashOf(link, quality), within],
  });
  return rows[0];
}

/** sent_file_pkey */
export async function rememberFile(
  tx: Tx,
  botId: number,
  link: string,
  quality: Quality,
  { kind, fileId }: SentFile,
): Promise<void> {
  await tx.query({
    name: 'remember-file',
    text: `
      INSERT INTO evenkeel.sent_file (bot_id, hash, kind, file_id) VALUES ($1, $2, $3, $4)
      ON CONFLICT (bot_id, hash) DO UPDATE SET kind = excluded.kind, file_id = excluded.file_id, sent_at = now()`,
    values: [botId, hashOf(link, quality), kind, fileId],
  });
}

/** sent_file_age. @returns how many */
export async function forgetFiles(tx: Tx, within: number, limit: number): Promise<number> {
  const { rowCount } = await tx.query({
    name: 'forget-files',
    text: `
      DELETE FROM evenkeel.sent_file WHERE (bot_id, hash) IN (
        SELECT bot_id, hash FROM evenkeel.sent_file
        WHERE sent_at < now() - $1::float8 * interval '1 ms' ORDER BY sent_at LIMIT $2 FOR UPDATE SKIP LOCKED
      )`,
    values: [within, limit],
  });
  return rowCount ?? 0;
}
