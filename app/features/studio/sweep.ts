/** The schedule that ends renders which nothing ended, whatever became of their jobs: their people wait for an answer. */
import { withTx } from '../../database/tx.ts';
import type { ScheduleHandler } from '../../jobs/run.ts';
import type { JobNeeds } from '../feature.ts';
import { changeRender, isOver, lockRender, overdueRenders } from './renders.ts';
import { fail, giveBack, graceOf } from './steps.ts';

/** Renders of one commit. */
const BITE = 20;

export function sweep(needs: JobNeeds): ScheduleHandler {
  const { pool, botId, posture } = needs;
  const grace = graceOf(posture);
  return async ({ signal }) => {
    let ended = 0;
    for (let more = true; more && !signal.aborted;) {
      const found = await withTx(pool, async (tx) => {
        const ids = await overdueRenders(tx, botId, grace, BITE);
        for (const id of ids) {
          const render = await lockRender(tx, botId, id);
          if (!render || isOver(render)) continue;
          // Where nobody has paid for it, nobody was told that it would be made.
          if (render.state === 'wanted' && !(await giveBack(tx, botId, id, 'late')))
            await changeRender(tx, render, { state: 'cancelled', ended: 'not paid for' });
          else await fail(tx, needs, render, render.deliveries > 0 ? 'unknown' : 'late');
        }
        return ids.length;
      });
      ended += found;
      more = found === BITE;
    }
    return { ended };
  };
}
