/** The links of files that somebody has asked for; those that are over have none. download_one. */
import type { Pool } from '../../database/pool.ts';

export async function linksOf(pool: Pool, botId: number, userId: number) {
  const { rows } = await pool.query<{ at: Date; link: string }>({
    name: 'mydata-downloads',
    text: `
      SELECT ordered_at AS at, link FROM evenkeel.download
      WHERE bot_id = $1 AND user_id = $2 AND ended_at IS NULL AND link IS NOT NULL`,
    values: [botId, userId],
  });
  return rows;
}

/** Files that lie in the object store for somebody. file_link_person. */
export async function filesOf(pool: Pool, botId: number, userId: number) {
  const { rows } = await pool.query<{ until: Date; name: string }>({
    name: 'mydata-files',
    text: `
      SELECT expires_at AS until, name FROM evenkeel.file_link
      WHERE bot_id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > now()`,
    values: [botId, userId],
  });
  return rows;
}

/** What somebody has under way is called off, and its link goes; who works on it notices. */
export async function forgetDownloads(pool: Pool, botId: number, userId: number): Promise<void> {
  // Its links lead nowhere from here on; the objects go with their age.
  await pool.query({
    name: 'forget-file-links',
    text: `
      UPDATE evenkeel.file_link SET revoked_at = now(), name = NULL
      WHERE bot_id = $1 AND user_id = $2 AND revoked_at IS NULL`,
    values: [botId, userId],
  });
  await pool.query({
    name: 'forget-downloads',
    text: `
      UPDATE evenkeel.download SET state = 'cancelled', reason = 'forgotten', link = NULL, ended_at = now()
      WHERE bot_id = $1 AND user_id = $2 AND ended_at IS NULL`,
    values: [botId, userId],
  });
}
