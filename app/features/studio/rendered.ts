/** A render is over, says its provider: it is looked at at once, out of turn. */
import { storedRendered } from '../../intake/callbacks/index.ts';
import { enqueue } from '../../jobs/enqueue.ts';
import type { UpdateHandler } from '../../lanes/update.ts';
import type { JobNeeds } from '../feature.ts';
import { looks } from './steps.ts';

export const rendered =
  ({ botId }: JobNeeds): UpdateHandler =>
  async (turn) => {
    const { rendered: name, task } = storedRendered(turn.update);
    const [render, tries] = name.split('-').map(Number) as [number, number];
    const input = { render, tries, look: null, ...(task !== undefined && { task }) };
    await turn.transaction(async (tx) => {
      await enqueue(tx, looks, input, { key: `${botId}:${turn.update.updateId}` });
      await turn.done(tx);
    });
  };
