/** That broadcasts went to somebody. recipient_user, broadcast_pkey for each. */
import type { Pool } from '../../database/pool.ts';

/** Of those that are over for them; afterwards they cannot be changed there. */
export async function forgetReceived(pool: Pool, botId: number, userId: number): Promise<void> {
  await pool.query({
    name: 'forget-received',
    text: `
      DELETE FROM evenkeel.broadcast_recipient AS r
      WHERE bot_id = $1 AND user_id = $2 AND state <> 'sending' AND (state <> 'waiting' OR EXISTS (
        SELECT FROM evenkeel.broadcast AS b WHERE b.id = r.broadcast_id AND b.state IN ('done', 'cancelled')
      ))`,
    values: [botId, userId],
  });
}
