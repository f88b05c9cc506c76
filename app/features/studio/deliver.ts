/**
 * The job that shows a result: fetched and sent on as a stream, none of it kept, and charged when Telegram has it. It says
 * that it sends in a commit before the first byte leaves; where nobody knows whether it arrived it is sent once more, and
 * says so, and after that the credits go back (fault ambiguous-send).
 */
import { GrammyError, InputFile } from 'grammy';
import { job } from '../../jobs/job.ts';
import { persist } from '../../lanes/persist.ts';
import type { Tx } from '../../lanes/update.ts';
import { balanceOf, ReserveEnded, settle } from '../../ledger/index.ts';
import { RetryLater } from '../../outcome.ts';
import { say } from '../../outbox/index.ts';
import { languageOf } from '../../people/index.ts';
import type { HttpStream } from '../../providers/http.ts';
import { ProviderFailure } from '../../providers/policy.ts';
import type { JobNeeds } from '../feature.ts';
import { causeOf, changeRender, lockRender, type Render } from './renders.ts';
import { costOf, deliveries, fail, type Failure } from './steps.ts';
import { texts } from './texts.ts';

/** Times that it leaves at most. */
const LEAVES = 2;
/** Largest photo that Telegram takes; beyond it, it is a file. */
const PHOTO = 10 * 1024 * 1024;
/** Before Telegram is asked again, ms. */
const PAUSE = 5_000;

/** A file that is read once, as it comes. What went wrong with it is known apart from what Telegram says. */
function fileOf(stream: HttpStream, name: string, begins: () => Promise<void>) {
  const source: { failure: Error | undefined; left: boolean } = { failure: undefined, left: false };
  async function* bytes(): AsyncIterable<Uint8Array> {
    try {
      await begins();
      source.left = true;
      yield* stream.body;
    } catch (error) {
      source.failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }
  return { file: new InputFile(bytes(), name), source };
}

export const deliver = (needs: JobNeeds) =>
  job(deliveries, async ({ job: { attempts }, input, signal, hold, transaction, done, log }) => {
    const { botId, posture, novita, api } = needs;
    const isLast = attempts + 1 >= posture.work.deliver.attempts;

    const render = await transaction(async (tx) => {
      const found = await lockRender(tx, botId, input.render);
      const isReady = found?.state === 'rendered' || found?.state === 'delivering';
      if (!found || !isReady) return void (await done(tx));
      if (found.deliveries < LEAVES && novita) return { ...found, language: await languageOf(tx, botId, found.userId) };
      await fail(tx, needs, found, novita ? 'unknown' : 'off');
      return void (await done(tx));
    });
    if (!render) return;
    const { userId, makes, language } = render;

    /** It ends here, unless something else has become of it. */
    const end = (why: Failure) =>
      transaction(async (tx) => {
        const now = await lockRender(tx, botId, render.id);
        if (now?.state === 'rendered' || now?.state === 'delivering') await fail(tx, needs, now, why);
        await done(tx);
      });
    // Our own books, however long the database is away: what was shown is not shown again.
    const keep = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => persist(() => transaction(work), signal, hold);
    /** Surely nothing arrived: this time does not count. */
    const takeBack = () =>
      keep(async (tx) => {
        const now = await lockRender(tx, botId, render.id);
        if (now?.state === 'delivering' && now.deliveries > render.deliveries)
          await changeRender(tx, now, {
            deliveries: render.deliveries,
            state: render.deliveries === 0 ? 'rendered' : 'delivering',
          });
      });

    let stream: HttpStream;
    try {
      stream = await novita!.fetch(render.result!, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (isLast) return void (await end('gone'));
      throw error;
    }

    const again = render.deliveries > 0 ? [texts['caption-again'](language)] : [];
    const other = { caption: [texts[`caption-${makes}`](language), ...again].join('\n') };
    const size = Number(stream.headers['content-length'] ?? 0);
    const { file, source } = fileOf(stream, makes === 'image' ? 'picture.jpg' : 'video.mp4', async () => {
      hold();
      await transaction(async (tx) => {
        const now = await lockRender(tx, botId, render.id);
        if (now?.state !== render.state) throw new RetryLater(0, 'it is delivered by another run');
        await changeRender(tx, now, { state: 'delivering', deliveries: now.deliveries + 1 });
      });
    });
    try {
      const as = signal as unknown as Parameters<typeof api.getMe>[0];
      if (makes === 'video') await api.sendVideo(userId, file, other, as);
      else if (size > PHOTO) await api.sendDocument(userId, file, other, as);
      else await api.sendPhoto(userId, file, other, as);
    } catch (error) {
      // Nobody reads the rest of it.
      if (!source.left) for await (const _chunk of stream.body) break;
      signal.throwIfAborted();
      if (error instanceof GrammyError) {
        log.warn({ render: render.id, error: error.description }, 'Telegram does not take a result');
        await end('gone');
        return { refused: error.error_code };
      }
      const isUnknown =
        source.left &&
        source.failure === undefined &&
        !(error instanceof RetryLater) &&
        !(error instanceof ProviderFailure && error.outcome === 'not-done');
      if (isUnknown) {
        log.warn({ render: render.id, deliveries: render.deliveries + 1 }, 'nobody knows whether a result arrived');
        throw error;
      }
      await takeBack();
      if (error instanceof RetryLater) throw error;
      if (source.failure !== undefined && isLast) return void (await end('gone'));
      if (source.failure !== undefined) throw source.failure;
      throw new RetryLater(PAUSE, 'Telegram did not take a result', { cause: error });
    }
    const paid = await keep(async (tx) => {
      const now = await lockRender(tx, botId, render.id);
      // Ended by the clock meanwhile, and its person told so: it is theirs for nothing.
      const paid = now?.state === 'delivering' ? await charge(tx, needs, now) : 0n;
      await done(tx);
      return paid;
    });
    return { render: render.id, paid: String(paid), deliveries: render.deliveries + 1 };
  });

/**
 * It is there: its credits are taken, what they were more than it costs goes back, and its person is told.
 * @returns what was paid: nothing where its credits were given back meanwhile
 */
async function charge(tx: Tx, needs: JobNeeds, render: Render): Promise<bigint> {
  const { botId } = needs;
  const { id, userId } = render;
  await changeRender(tx, render, { state: 'delivered', ended: null });
  const amount = costOf(needs, render);
  const price = await settle(tx, { botId, of: causeOf(id) }, { amount, to: 'revenue:studio' }).then(
    ({ settled }) => settled,
    (error: unknown) => {
      if (!(error instanceof ReserveEnded)) throw error;
      return 0n;
    },
  );
  const { available: left } = await balanceOf(tx, { botId, userId });
  const language = await languageOf(tx, botId, userId);
  await say(tx, {
    cause: `${causeOf(id)}:end`,
    class: 'receipt',
    chat: userId,
    method: 'sendMessage',
    payload: { text: texts.delivered(language, { price, left }) },
    replaces: causeOf(id),
  });
  return price;
}
