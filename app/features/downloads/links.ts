/** Links to files in the object store, in SQL. The link itself is known to its person alone; kept is a hash of it. */
import { createHash, randomBytes } from 'node:crypto';
import type { Tx } from '../../database/tx.ts';
import type { Download } from './downloads.ts';

export interface FileLink {
  id: number;
  userId: number;
  name: string;
}

interface Made {
  botId: number;
  download: Pick<Download, 'id' | 'userId'>;
  name: string;
  /** Bytes. */
  size: number;
  /** ms */
  lasts: number;
}

/** @returns its id, and the secret part of its address, which nobody else is told */
export async function makeLink(tx: Tx, { botId, download, name, size, lasts }: Made) {
  const token = randomBytes(32).toString('base64url');
  const { rows } = await tx.query<{ id: number }>({
    name: 'make-file-link',
    text: `
      INSERT INTO evenkeel.file_link (bot_id, user_id, download_id, token_hash, name, size, expires_at)
      VALUES ($1, $2, $3, $4, $5, $6, now() + $7::float8 * interval '1 ms')
      RETURNING id::float8 AS id`,
    values: [botId, download.userId, download.id, createHash('sha256').update(token).digest(), name, size, lasts],
  });
  return { id: rows[0]!.id, token };
}

/** file_link_pkey. False: it is over already, or another's. */
export async function revokeLink(tx: Tx, botId: number, userId: number, id: number): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'revoke-file-link',
    text: `
      UPDATE evenkeel.file_link SET revoked_at = now(), name = NULL
      WHERE id = $3 AND bot_id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > now()`,
    values: [botId, userId, id],
  });
  return rowCount === 1;
}

/** file_link_unwarned. Marks some that end within `before` ms and whose person was not told, once and for all. */
export async function linksToWarn(tx: Tx, botId: number, before: number, limit: number): Promise<FileLink[]> {
  const { rows } = await tx.query<FileLink>({
    name: 'file-links-to-warn',
    text: `
      UPDATE evenkeel.file_link SET warned_at = now()
      WHERE id IN (
        SELECT id FROM evenkeel.file_link
        WHERE bot_id = $1 AND warned_at IS NULL AND revoked_at IS NULL
          AND expires_at > now() AND expires_at < now() + $2::float8 * interval '1 ms'
        ORDER BY expires_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
      )
      RETURNING id::float8 AS id, user_id::float8 AS "userId", name`,
    values: [botId, before, limit],
  });
  return rows;
}
