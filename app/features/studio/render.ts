/**
 * The job that begins a render. It says so before it asks, in a commit of its own, and asks once: where nobody knows
 * whether the provider began it, it is waited for and never begun a second time (faults render-orphan, reload-in-prod).
 */
import { job, type JobRun } from '../../jobs/job.ts';
import { persist } from '../../lanes/persist.ts';
import type { Tx } from '../../lanes/update.ts';
import { RetryLater } from '../../outcome.ts';
import { NovitaRefusal, type Wanted } from '../../providers/novita.ts';
import { ProviderFailure } from '../../providers/policy.ts';
import type { JobNeeds } from '../feature.ts';
import { causeOf, changeRender, hasAnother, isOver, lockRender, mayBegin, type Render } from './renders.ts';
import { costOf, fail, giveBack, lookLater, renders, tell, type Failure } from './steps.ts';
import { texts } from './texts.ts';

/** Before it is asked again whether there is room, ms. */
const PAUSE = 3_000;

type Run = JobRun<{ render: number }>;
/** What is done about it now; undefined: it is done. */
type Next = { begin: Render } | { wait: string } | undefined;

/** Of a render as it is found; whatever is decided is committed. */
async function prepare(tx: Tx, needs: JobNeeds, { input, done }: Run): Promise<Next> {
  const { botId, posture, novita } = needs;
  const render = await lockRender(tx, botId, input.render);
  if (!render || isOver(render)) {
    // Credits that came too late for what they were meant for.
    await giveBack(tx, botId, input.render, 'it is over');
    return void (await done(tx));
  }
  if (render.state === 'submitting') {
    // The run before was cut off after it may have asked.
    await lookLater(tx, needs, render, render.looks);
    return void (await done(tx));
  }
  if (render.state !== 'wanted' && render.state !== 'ordered') return void (await done(tx));
  const end = async (why: Failure) => {
    await fail(tx, needs, render, why);
    await done(tx);
  };
  if (render.state === 'wanted') {
    if (await hasAnother(tx, botId, render)) return void (await end('running'));
    await changeRender(tx, render, { state: 'ordered', deadline: posture.studio[render.kind].deadline });
  } else if (render.late) return void (await end('late'));
  if (!novita || render.prompt === null) return void (await end('off'));
  if (!(await mayBegin(tx, botId, posture.studio.perMinute))) {
    await tell(tx, needs, render, `waits:${render.tries}`, (language) => texts.waits(language, render));
    return { wait: 'as many renders were begun in the last minute as may be' };
  }
  const begun = { ...render, tries: render.tries + 1 };
  await changeRender(tx, render, {
    state: 'submitting',
    tries: begun.tries,
    task: null,
    looks: 0,
    missed: 0,
    percent: 0,
    submitted: true,
  });
  return { begin: begun };
}

export const render = (needs: JobNeeds) =>
  job(renders, async (run) => {
    const { botId, posture, novita, callbackOf } = needs;
    const { input, signal, hold, transaction, done, log } = run;
    const next = await transaction((tx) => prepare(tx, needs, run));
    if (!next) return;
    if ('wait' in next) throw new RetryLater(PAUSE, next.wait);
    const { begin } = next;
    // Our own books, however long the database is away: its number is not lost for that.
    const keep = (work: (tx: Tx) => Promise<void>): Promise<void> => persist(() => transaction(work), signal, hold);
    /** As long as nothing else has become of it, such as a cancellation. */
    const change = (work: (tx: Tx, render: Render) => Promise<void>) =>
      keep(async (tx) => {
        const now = await lockRender(tx, botId, input.render);
        if (now?.state === 'submitting' && now.tries === begin.tries) await work(tx, now);
        await done(tx);
      });

    const wanted: Wanted = {
      kind: begin.makes,
      model: posture.studio[begin.makes].model,
      prompt: begin.prompt!,
      callback: callbackOf?.(`${begin.id}-${begin.tries}`),
    };
    hold();
    let task: string;
    try {
      task = await novita!.submit(wanted, signal);
    } catch (error) {
      if (error instanceof NovitaRefusal) {
        log.warn({ render: begin.id, why: error.why, error: error.message }, 'a render is declined');
        await change((tx, now) => fail(tx, needs, now, error.why));
        return { declined: error.why };
      }
      const surelyNot =
        error instanceof RetryLater || (error instanceof ProviderFailure && error.outcome === 'not-done');
      if (surelyNot) {
        await keep(async (tx) => {
          const now = await lockRender(tx, botId, input.render);
          if (now?.state !== 'submitting') return;
          await changeRender(tx, now, { state: 'ordered', tries: now.tries - 1, submitted: false });
          await tell(tx, needs, now, `waits:${now.tries}`, (language) => texts.waits(language, now));
        });
        throw error instanceof RetryLater ? error : new RetryLater(PAUSE, error.message, { cause: error });
      }
      // Cut off by a drain or by the deadline: what is committed says that it may have begun, and the next run goes on there.
      if (!(error instanceof ProviderFailure)) throw error;
      log.warn({ render: begin.id, error: error.message }, 'nobody knows whether a render was begun: it is waited for');
      await change((tx, now) => lookLater(tx, needs, now, 0));
      return { orphan: true };
    }
    await change(async (tx, now) => {
      await changeRender(tx, now, { state: 'submitted', task });
      await lookLater(tx, needs, now, 0);
    });
    return { cause: causeOf(begin.id), task, cost: String(costOf(needs, begin)) };
  });
