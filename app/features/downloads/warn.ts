/** The daily schedule that tells whose file in the object store is about to end, once (fault expiring-links). */
import { withTx } from '../../database/tx.ts';
import type { ScheduleHandler } from '../../jobs/run.ts';
import { say } from '../../outbox/index.ts';
import { languageOf } from '../../people/index.ts';
import type { JobNeeds } from '../feature.ts';
import { linksToWarn } from './links.ts';
import { texts } from './texts.ts';

/** Rows of one commit. */
const BITE = 50;

export function warn({ pool, botId, posture }: JobNeeds): ScheduleHandler {
  return async ({ signal }) => {
    let warned = 0;
    for (let more = true; more && !signal.aborted;) {
      const links = await withTx(pool, async (tx) => {
        const found = await linksToWarn(tx, botId, posture.downloads.warnBefore, BITE);
        for (const { id, userId, name } of found)
          await say(tx, {
            cause: `file-link:${id}:warning`,
            class: 'notice',
            chat: userId,
            method: 'sendMessage',
            payload: { text: texts['link-ends'](await languageOf(tx, botId, userId), { name }) },
          });
        return found;
      });
      warned += links.length;
      more = links.length === BITE;
    }
    return { warned };
  };
}
