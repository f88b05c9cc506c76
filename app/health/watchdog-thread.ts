/** The thread of the watchdog: sees the main thread stand still, asks where, writes it down, and ends the process. */
import { writeSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';

interface Data {
  /** One counter, which the main thread moves at every beat. */
  beats: Int32Array;
  /** ms. */
  maxLag: number;
  tick: number;
  /** Fields of the log's lines. */
  bindings: Record<string, unknown>;
}

const { beats, maxLag, tick, bindings } = workerData as Data;
/** The main thread answers the debugger between any two of its statements, or not at all (native code). */
const STACK_WITHIN = 1_000;

/** Waits until the counter has stood still for `maxLag`, and returns for how long. */
async function standstill(): Promise<number> {
  let seen = Atomics.load(beats, 0);
  let still = 0;
  let at = performance.now();
  for (;;) {
    await sleep(tick);
    const now = performance.now();
    // A process that was frozen, or got no CPU, did not block itself: at most two ticks count of any pause.
    const passed = Math.min(now - at, 2 * tick);
    at = now;
    const count = Atomics.load(beats, 0);
    still = count === seen ? still + passed : 0;
    seen = count;
    if (still > maxLag) return Math.round(still);
  }
}

/** The functions in which the main thread is, innermost first. */
async function whereItIs(): Promise<string[]> {
  const session = new Session();
  session.connectToMainThread();
  const urls = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
  const paused = new Promise<string[]>((resolve) => {
    session.once('Debugger.paused', ({ params }) =>
      resolve(
        params.callFrames.map(
          ({ functionName, location: { scriptId, lineNumber } }) =>
            `${functionName || '(anonymous)'} ${urls.get(scriptId) ?? '?'}:${lineNumber + 1}`,
        ),
      ),
    );
  });
  await session.post('Debugger.enable');
  await session.post('Debugger.pause');
  return paused;
}

const lag = await standstill();
const stack = await Promise.race([
  whereItIs().catch((error: unknown) => [String(error)]),
  sleep(STACK_WITHIN, ['unknown: in native code']),
]);
const msg = 'the event loop stands still: the process ends itself';
// To the descriptor itself: the main thread, which owns the log, does not run any more.
writeSync(1, `${JSON.stringify({ level: 'fatal', time: new Date().toISOString(), ...bindings, lag, stack, msg })}\n`);
process.kill(process.pid, 'SIGKILL');
