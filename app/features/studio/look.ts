/** The job that looks at a render once, and says when the next look is: a render costs no worker while it waits (fault blocking-poll). */
import { enqueue } from '../../jobs/enqueue.ts';
import { job } from '../../jobs/job.ts';
import type { Tx } from '../../lanes/update.ts';
import { RetryLater } from '../../outcome.ts';
import { NovitaRefusal, type Seen } from '../../providers/novita.ts';
import { ProviderFailure } from '../../providers/policy.ts';
import type { JobNeeds } from '../feature.ts';
import { causeOf, changeRender, lockRender, type Render } from './renders.ts';
import { costOf, deliveries, fail, looks, lookLater, renders, tell } from './steps.ts';
import { texts } from './texts.ts';

/** Looks in a row in which the provider does not know the task, until it is lost: it may need a moment to know it. */
const MISSES = 3;
/** Before a provider that is away is asked again, ms. */
const PAUSE = 5_000;

/** What the provider says of it, in the database and to its person. */
async function take(tx: Tx, needs: JobNeeds, render: Render, seen: Seen, turn: number | null): Promise<void> {
  const { posture } = needs;
  const again = async () => {
    if (turn !== null) await lookLater(tx, needs, render, turn);
  };
  if (seen.state === 'ready') {
    await changeRender(tx, render, { state: 'rendered', result: seen.url, percent: 100 });
    await enqueue(tx, deliveries, { render: render.id }, { key: `${needs.botId}:${render.id}:${render.tries}` });
    const price = costOf(needs, render);
    return tell(tx, needs, render, 'ready', (language) => texts.ready(language, { price }), { canCancel: false });
  }
  if (render.late) return fail(tx, needs, render, 'late');
  if (seen.state === 'unknown') {
    if (render.missed + 1 >= MISSES) return fail(tx, needs, render, 'lost');
    await changeRender(tx, render, { missed: render.missed + 1, ...(turn !== null && { looks: turn }) });
    return again();
  }
  if (seen.state === 'failed') {
    if (seen.moderated) return fail(tx, needs, render, 'moderated');
    const isLast = render.makes !== render.kind || render.tries >= posture.studio.tries;
    const instead = isLast && render.makes === 'video' && posture.studio.fallback === 'automatic';
    if (isLast && !instead) return fail(tx, needs, render, 'failed');
    const next = instead ? { ...render, makes: 'image' as const } : render;
    await changeRender(tx, render, { state: 'ordered', task: null, makes: next.makes });
    await enqueue(tx, renders, { render: render.id }, { key: `${causeOf(render.id)}:${render.tries}` });
    return tell(tx, needs, render, `again:${render.tries}`, (language) =>
      instead ? texts.instead(language, { price: costOf(needs, next) }) : texts.again(language, render),
    );
  }
  const { percent } = seen;
  await changeRender(tx, render, { missed: 0, percent, ...(turn !== null && { looks: turn }) });
  if (percent > render.percent) {
    const price = costOf(needs, render);
    await tell(tx, needs, render, `${render.tries}:${percent}`, (language) =>
      texts.progress(language, { percent, price }),
    );
  }
  return again();
}

export const look = (needs: JobNeeds) =>
  job(looks, async ({ input, signal, transaction, done, log }) => {
    const { botId, posture, novita } = needs;
    const next = input.look === null ? null : input.look + 1;

    /** The render, where this look is still its turn. */
    const current = async (tx: Tx): Promise<Render | undefined> => {
      const render = await lockRender(tx, botId, input.render);
      const isItsTurn = render?.tries === input.tries && (input.look === null || render.looks === input.look);
      return isItsTurn && (render.state === 'submitting' || render.state === 'submitted') ? render : undefined;
    };

    const task = await transaction(async (tx) => {
      const render = await current(tx);
      if (!render) return void (await done(tx));
      if (render.state === 'submitted') return render.task!;
      // Begun, perhaps: who was called back is told its number.
      if (input.task !== undefined) {
        await changeRender(tx, render, { state: 'submitted', task: input.task });
        if (input.look === null) await lookLater(tx, needs, render, render.looks);
        log.warn({ render: render.id, task: input.task }, 'a render whose number was lost is found by its callback');
        return input.task;
      }
      if (render.since > posture.studio.orphan || render.late) {
        log.warn({ render: render.id }, 'a render was begun perhaps, and nobody has told its number');
        await fail(tx, needs, render, 'lost');
      } else if (next !== null) {
        await changeRender(tx, render, { looks: next });
        await lookLater(tx, needs, render, next);
      }
      return void (await done(tx));
    });
    if (task === undefined) return;

    let seen: Seen;
    try {
      if (!novita) throw new RetryLater(PAUSE, 'there is no key for Novita');
      seen = await novita.look(task, signal);
    } catch (error) {
      signal.throwIfAborted();
      const isAway = error instanceof RetryLater || error instanceof ProviderFailure || error instanceof NovitaRefusal;
      if (!isAway) throw error;
      const ended = await transaction(async (tx) => {
        const render = await current(tx);
        if (render && !render.late) return false;
        if (render) await fail(tx, needs, render, 'late');
        await done(tx);
        return true;
      });
      if (ended) return { late: true };
      throw error instanceof RetryLater ? error : new RetryLater(PAUSE, error.message, { cause: error });
    }
    await transaction(async (tx) => {
      const render = await current(tx);
      if (render?.task === task) await take(tx, needs, render, seen, next);
      await done(tx);
    });
    return { render: input.render, ...seen };
  });
