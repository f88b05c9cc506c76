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

/** What somebody has under way is called off, and its link goes; who works on it notices. */
export async function forgetDownloads(pool: Pool, botId: number, userId: number): Promise<void> {
  await pool.query({
    name: 'forget-downloads',
    text: `
      UPDATE evenkeel.download SET state = 'cancelled', reason = 'forgotten', link = NULL, ended_at = now()
      WHERE bot_id = $1 AND user_id = $2 AND ended_at IS NULL`,
    values: [botId, userId],
  });
}
