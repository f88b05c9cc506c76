/** The schedule that ends downloads which nothing ended, whatever became of their jobs, and forgets what Telegram has had for long. */
import { withTx } from '../../database/tx.ts';
import type { ScheduleHandler } from '../../jobs/run.ts';
import type { JobNeeds } from '../feature.ts';
import { isOver, lockDownload, overdueDownloads } from './downloads.ts';
import { forgetFiles } from './sent-files.ts';
import { fail } from './steps.ts';

/** Rows of one commit. */
const BITE = 20;

export function sweep(needs: JobNeeds): ScheduleHandler {
  const { pool, botId, posture } = needs;
  // What is under way by its deadline ends by itself.
  const grace = posture.work.download.deadline;
  return async ({ signal }) => {
    let ended = 0;
    for (let more = true; more && !signal.aborted;) {
      const found = await withTx(pool, async (tx) => {
        const ids = await overdueDownloads(tx, botId, grace, BITE);
        for (const id of ids) {
          const download = await lockDownload(tx, botId, id);
          if (download && !isOver(download)) await fail(tx, needs, download, download.leaves > 0 ? 'unknown' : 'late');
        }
        return ids.length;
      });
      ended += found;
      more = found === BITE;
    }
    const forgotten = await withTx(pool, (tx) => forgetFiles(tx, posture.downloads.remembered, 1_000));
    return { ended, forgotten };
  };
}
