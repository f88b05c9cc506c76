/** The words of pictures and videos that somebody has ordered; those that are over have none. render_person. */
import type { Pool } from '../../database/pool.ts';

export interface OrderedRender {
  at: Date;
  prompt: string;
}

export async function rendersOf(pool: Pool, botId: number, userId: number): Promise<OrderedRender[]> {
  const { rows } = await pool.query<OrderedRender>({
    name: 'mydata-renders',
    text: `
      SELECT ordered_at AS at, prompt FROM evenkeel.render
      WHERE bot_id = $1 AND user_id = $2 AND prompt IS NOT NULL ORDER BY id LIMIT 100`,
    values: [botId, userId],
  });
  return rows;
}

/** What is being made of them is made; what was not begun is not. */
export async function forgetRenders(pool: Pool, botId: number, userId: number): Promise<void> {
  await pool.query({
    name: 'forget-renders',
    text: 'UPDATE evenkeel.render SET prompt = NULL WHERE bot_id = $1 AND user_id = $2 AND prompt IS NOT NULL',
    values: [botId, userId],
  });
}
