/**
 * The job that fetches a file and sends it on. A download has no side effect but its traffic: cut off by a deploy, it is
 * begun again, and nobody is told twice. What is sent is committed before it leaves (fault ambiguous-send).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { job, type JobRun } from '../../jobs/job.ts';
import { persist } from '../../lanes/persist.ts';
import { describeError } from '../../log.ts';
import type { Tx } from '../../database/tx.ts';
import { RetryLater } from '../../outcome.ts';
import { languageOf } from '../../people/index.ts';
import { inOwnDirectory } from '../../providers/fetching/directory.ts';
import type { Fetching } from '../../providers/fetching/index.ts';
import { MAY_PASS, NotFetched } from '../../providers/fetching/not-fetched.ts';
import { objectOf } from '../../providers/objects.ts';
import { ProviderFailure } from '../../providers/policy.ts';
import type { JobNeeds } from '../feature.ts';
import { changeDownload, isOver, lockDownload, type Download } from './downloads.ts';
import { rememberFile, sentFile } from './sent-files.ts';
import { isRefusal, show } from './show.ts';
import { downloads, fail, finish, handOver, sendAgain, tell, type Failure } from './steps.ts';
import { texts } from './texts.ts';

/** Times that it leaves for Telegram at most. */
const LEAVES = 2;
/** How often it is looked at whether it is still wanted, and its person told, ms. */
const LOOK = 2_000;
/** Parts of a hundred that are worth telling. */
const STEP = 10;
/** Before Telegram is asked again, ms. */
const PAUSE = 30_000;

type Run = JobRun<{ download: number }>;
type File = Awaited<ReturnType<Fetching['fetch']>>;

/** What is fetched now; undefined: it is done. Whatever is decided is committed. */
async function prepare(tx: Tx, needs: JobNeeds, { input, done }: Run): Promise<Download | undefined> {
  const { botId, posture, fetching } = needs;
  const download = await lockDownload(tx, botId, input.download);
  if (!download || isOver(download) || download.link === null) return void (await done(tx));
  const end = async (why: Failure) => {
    await fail(tx, needs, download, why);
    await done(tx);
  };
  if (download.leaves >= LEAVES) return void (await end('unknown'));
  const { link, quality } = download;
  const known = await sentFile(tx, botId, link, quality, posture.downloads.remembered);
  // What may be there already is not sent without a word.
  if (known && download.leaves === 0) {
    await sendAgain(tx, needs, download, known);
    return void (await done(tx));
  }
  if (download.late) return void (await end('late'));
  if (!fetching) return void (await end('off'));
  if (download.state === 'ordered') await changeDownload(tx, download, { state: 'fetching' });
  await tell(tx, needs, download, 'begun', texts.begun);
  return download;
}

/** Ends what is fetched when it is not wanted any more, and says how far it is. */
async function watch(needs: JobNeeds, run: Run, far: () => number, stop: AbortController, ending: AbortSignal) {
  const { botId } = needs;
  let told = 0;
  for (;;) {
    await sleep(LOOK, undefined, { signal: ending }).catch(() => undefined);
    if (ending.aborted) return;
    run.alive();
    const percent = Math.min(99, Math.floor(far()));
    const isWanted = await run
      .transaction(async (tx) => {
        const download = await lockDownload(tx, botId, run.input.download);
        if (download?.state !== 'fetching' && download?.state !== 'sending') return false;
        if (percent < Math.max(told, download.percent) + STEP) return true;
        await changeDownload(tx, download, { percent });
        await tell(tx, needs, download, `at:${percent}`, (language) => texts.progress(language, { percent }));
        return true;
      })
      .catch((error: unknown) => {
        // Told next time; where the job is another's, its signal says so.
        run.log.info({ error: describeError(error) }, 'progress of a download is not told');
        return true;
      });
    told = Math.max(told, percent - (percent % STEP));
    if (!isWanted) return stop.abort(new NoLongerWanted());
  }
}

class NoLongerWanted extends Error {
  override readonly name = 'NoLongerWanted';
}

async function fetchFile(needs: JobNeeds, run: Run, download: Download, directory: string): Promise<File> {
  const { posture, fetching, keeping } = needs;
  const { within, maxSize, sendable } = posture.downloads;
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(new NotFetched('late', `not there within ${within} ms`)), within);
  const watched = new AbortController();
  let percent = 0;
  const watching = watch(needs, run, () => percent, stop, watched.signal);
  try {
    return await fetching!.fetch({
      link: download.link!,
      quality: download.quality,
      directory,
      // What does not fit into a chat is kept elsewhere, where there is such a place.
      maxBytes: keeping ? maxSize : Math.min(maxSize, sendable),
      signal: AbortSignal.any([run.signal, stop.signal]),
      progress: (bytes, of) => {
        if (of !== undefined && of > 0) percent = (bytes * 100) / of;
      },
    });
  } finally {
    clearTimeout(late);
    watched.abort();
    await watching;
  }
}

export const download = (needs: JobNeeds) =>
  job(downloads, async (run) => {
    const { signal, transaction, done, log, job: own } = run;
    const { botId, posture } = needs;
    const begun = await transaction((tx) => prepare(tx, needs, run));
    if (!begun) return;
    const isLast = own.attempts + 1 >= posture.work.download.attempts;

    /** It ends here, unless something else has become of it. */
    const end = (why: Failure) =>
      transaction(async (tx) => {
        const now = await lockDownload(tx, botId, begun.id);
        if (now && !isOver(now)) await fail(tx, needs, now, why);
        await done(tx);
      });

    return inOwnDirectory(async (directory) => {
      let file: File;
      try {
        file = await fetchFile(needs, run, begun, directory);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof NoLongerWanted) {
          await transaction(done);
          return { wanted: false };
        }
        const why = error instanceof NotFetched ? error.why : undefined;
        log.info({ download: begun.id, why, error: describeError(error) }, 'a file is not fetched');
        if (!isLast && (why === undefined || MAY_PASS.includes(why))) throw error;
        if (why !== undefined) {
          await end(why);
          return { failed: why };
        }
        // Its person is told; that it is dead tells those who look after the bot.
        await transaction(async (tx) => {
          const now = await lockDownload(tx, botId, begun.id);
          if (now && !isOver(now)) await fail(tx, needs, now, 'broken');
        });
        throw error;
      }
      return file.size > posture.downloads.sendable
        ? keep(needs, run, begun, file, isLast)
        : send(needs, run, begun, file, end);
    }, needs.scratch);
  });

/** Too large for a chat: it is put into the object store, and its person gets a link. Put twice, it is there once. */
async function keep(
  needs: JobNeeds,
  run: Run,
  begun: Download,
  { path, name, size }: File,
  isLast: boolean,
): Promise<Record<string, unknown>> {
  const { botId, keeping } = needs;
  const { signal, transaction, done } = run;
  const wanted = await transaction(async (tx) => {
    const now = await lockDownload(tx, botId, begun.id);
    if (!now || isOver(now)) return void (await done(tx));
    await changeDownload(tx, now, { state: 'sending' });
    await tell(tx, needs, now, 'keeping', texts.keeping, { canCancel: false });
    return now;
  });
  if (!wanted) return { wanted: false };
  try {
    await keeping!.store.put({ key: objectOf(botId, begun.id), path, signal, progress: run.alive });
  } catch (error) {
    if (isLast && !signal.aborted)
      await transaction(async (tx) => {
        const now = await lockDownload(tx, botId, begun.id);
        if (now && !isOver(now)) await fail(tx, needs, now, 'broken');
      });
    throw error;
  }
  await transaction(async (tx) => {
    const now = await lockDownload(tx, botId, begun.id);
    // Forgotten meanwhile, or ended by the clock: nobody has a link to it, and it goes with its age.
    if (now && !isOver(now)) await handOver(tx, needs, now, { name, size, addressOf: keeping!.addressOf });
    await done(tx);
  });
  return { download: begun.id, size, kept: true };
}

async function send(
  needs: JobNeeds,
  run: Run,
  begun: Download,
  { path, name, kind, size }: File,
  end: (why: Failure) => Promise<void>,
): Promise<Record<string, unknown>> {
  const { botId, api } = needs;
  const { signal, hold, transaction, done, log } = run;
  // Our own books, however long the database is away: what was sent is not sent again.
  const keep = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => persist(() => transaction(work), signal, hold);

  const leaving = await transaction(async (tx) => {
    const now = await lockDownload(tx, botId, begun.id);
    if (!now || isOver(now)) return void (await done(tx));
    await changeDownload(tx, now, { state: 'sending', leaves: now.leaves + 1 });
    await tell(tx, needs, now, 'sending', texts.sending, { canCancel: false });
    return { ...now, language: await languageOf(tx, botId, now.userId) };
  });
  if (!leaving) return { wanted: false };
  const { userId, leaves, language } = leaving;
  hold();
  let sent: Awaited<ReturnType<typeof show>>;
  try {
    const caption = leaves > 0 ? texts['caption-again'](language) : undefined;
    sent = await show({ api, chat: userId, path, name, kind, caption, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (isRefusal(error)) {
      log.warn({ download: begun.id, error: error.description }, 'Telegram does not take a file');
      await end(error.error_code === 413 ? 'large' : 'untaken');
      return { refused: error.error_code };
    }
    const surelyNot = error instanceof RetryLater || (error instanceof ProviderFailure && error.outcome === 'not-done');
    if (!surelyNot) {
      log.warn({ download: begun.id, leaves: leaves + 1 }, 'nobody knows whether a file arrived');
      throw error;
    }
    await keep(async (tx) => {
      const now = await lockDownload(tx, botId, begun.id);
      if (now?.state === 'sending') await changeDownload(tx, now, { state: 'fetching', leaves });
    });
    throw error instanceof RetryLater ? error : new RetryLater(PAUSE, error.message, { cause: error });
  }
  await keep(async (tx) => {
    const now = await lockDownload(tx, botId, begun.id);
    // Forgotten meanwhile, or ended by the clock: it is theirs all the same.
    if (now?.state === 'sending') {
      if (sent) await rememberFile(tx, botId, begun.link!, begun.quality, sent);
      await finish(tx, needs, now);
    }
    await done(tx);
  });
  return { download: begun.id, size, kind };
}
