/** The frame of each test by force: thousands of updates, each delivered up to three times, while something is done to them. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { startRig, type Rig } from './rig/index.ts';
import { assertRepeatsAreBounded } from './rig/repeats.ts';
import { assertAllAnswered, assertBaseline, assertOneEffectEach, assertOrder } from './rig/verdict.ts';

/** Updates, their chats, and how many a second; taps and edits are shares of them. */
const LOAD = { updates: 5_000, chats: 200, rate: 300, duplicates: 3, taps: 0.15, edits: 0.1 };
/** How long the load lasts, ms. */
export const SPAN = (LOAD.updates / LOAD.rate) * 1000;
/** How long nothing may come, beyond the takeover of lanes, ms: Telegram's own pauses between deliveries are shorter. */
const CATCH_UP = 70_000;

export interface Force {
  /** Strikes while the load goes on; resolves when the last fault is over, with what is worth telling. */
  strike: (rig: Rig) => Promise<string>;
  /** False where the database is struck as well. */
  databaseUp: boolean;
}

export async function underForce(t: TestContext, { strike, databaseUp }: Force): Promise<void> {
  const rig = await startRig({ after: (end) => t.after(end) });
  const { telegram } = rig.world;
  t.diagnostic(`seed ${rig.random.seed}`);
  try {
    telegram.flood(LOAD);
    t.diagnostic(await strike(rig));
    const passed = await assertAllAnswered(rig, rig.world.posture.lanes.recoverWithin + CATCH_UP);
    await assertOneEffectEach(rig);
    await assertOrder(rig);
    const { repeats, open, unsettled, thawed, longest, ambiguous } = await assertRepeatsAreBounded(rig, { databaseUp });
    if (databaseUp && rig.blows.length > 0) assert.ok(open + unsettled > 0, 'no blow found a send under way');
    await assertBaseline(rig);
    const { latency, acknowledged } = telegram.floodReport();
    t.diagnostic(
      `${acknowledged} updates, ${telegram.stats().repeated} delivered again; all answered ${Math.round(passed)} ms after the last fault; ` +
        `answered within ${Math.round(latency.p50)} ms (half), ${Math.round(latency.max)} ms (all)`,
    );
    const found = `found ${open} sends open and ${unsettled} answered but not settled`;
    if (ambiguous > 0) t.diagnostic(`${ambiguous} sends repeated, as their answers came too late`);
    t.diagnostic(
      rig.blows.length === 0
        ? 'no other message sent again'
        : `${repeats} messages sent again (${thawed} by a frozen worker itself): ${rig.blows.length} blows to workers ${found}; of those repeated, the longest had been answered ${longest} ms before`,
    );
  } catch (error) {
    const told = complaints(rig).map((line) => `\n  ${line}`);
    throw new Error(`with FORCE_SEED=${rig.random.seed}: ${(error as Error).message}${told.join('')}`, {
      cause: error,
    });
  }
}

/** Strikes at random moments of the load; each strike may last longer than the pause to the next. */
export async function atRandomMoments<T>(rig: Rig, count: number, strike: (index: number) => Promise<T>): Promise<T[]> {
  const started = performance.now();
  const moments = rig.random.moments(count, 0.1 * SPAN, 0.9 * SPAN);
  const strikes: Promise<T>[] = [];
  for (const [index, moment] of moments.entries()) {
    await sleep(Math.max(0, moment - (performance.now() - started)));
    const struck = strike(index);
    // Awaited below, together; until then a failure must not count as unhandled.
    struck.catch(() => undefined);
    strikes.push(struck);
  }
  return Promise.all(strikes);
}

/** What the tasks complained about, each complaint once: for who has to find out what went wrong. */
function complaints({ webs, workers }: Rig): string[] {
  return [...webs, ...workers].flatMap(({ name, task, predecessors }) =>
    [...predecessors, task].flatMap(({ pid, logs }) => {
      const loud = logs.filter(
        ({ level, msg }) => (level !== 'info' && level !== 'debug') || /postponed|lost/.test(msg),
      );
      const alike = Map.groupBy(
        loud,
        ({ level, msg, error, reason }) => `${level}: ${msg}: ${String(error ?? reason).slice(0, 300)}`,
      );
      return [...alike].map(
        ([text, { length, 0: first }]) => `${name} ${pid}: ${length} × ${text}, first ${String(first!['time'])}`,
      );
    }),
  );
}

/** How tasks ended that nobody killed; their replacements do not hide it. */
export async function deaths({ webs, workers }: Rig): Promise<string[]> {
  const dead = [...webs, ...workers].flatMap(({ predecessors }) => predecessors);
  return Promise.all(
    dead.map(async ({ role, exited, logs }) => {
      const { code, signal } = await exited;
      return `${role}: ${signal ?? `exit code ${code}`}: ${JSON.stringify(logs.at(-1))}`;
    }),
  );
}
