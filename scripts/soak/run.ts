/**
 * Thousands of mixed operations by simulated people, through real processes that are killed meanwhile. Sized by count, and
 * begun again from a seed: `npm test` runs a few of them, `npm run soak` many.
 */
import { setMaxListeners } from 'node:events';
import { MIX, OPERATIONS, type Operation } from './operations.ts';
import type { Deeds, Person } from './person.ts';
import { randomOf } from './random.ts';
import { AUTHOR, openStage, OWNER, type Stage } from './stage.ts';
import { paidElsewhere } from './further-verdict.ts';
import { settled, verdict } from './verdict.ts';

export interface SoakOptions {
  operations: number;
  seed: number;
  signal: AbortSignal;
  /** One line of progress. */
  say: (line: string) => void;
}

export interface SoakReport {
  seed: number;
  /** By what they were. */
  operations: Record<string, number>;
  kills: { web: number; worker: number };
  payments: number;
  /** Messages that somebody has more than once: what a killed worker had under way. */
  repeats: number;
  /** Sends of which nobody knows after their repeat: each counted in `/health` and listed by `ops`, for a person to decide. */
  left: string[];
  /** The ledger, by account. */
  sums: Record<string, string>;
  /** Seconds of the operations, and until everything was settled. */
  seconds: { operations: number; settled: number };
  /** What does not agree; nothing where all is well. */
  problems: string[];
}

/** Of so many operations each has one, within bounds. */
const peopleFor = (operations: number): number => Math.min(300, Math.max(60, Math.round(operations / 33)));
const FIRST = 600_000;
/** Operations under way at once: each is a person's, and none has two. */
const AT_ONCE = 24;
/** Operations between two kills, on average. */
const KILL_EVERY = 120;
/** Reminders are of a minute: those of the last operations would only be waited for. */
const REMINDED_UNTIL = 0.6;

/** @throws when it is aborted, or could not begin; what went wrong in it is in the report */
export async function runSoak({ operations, seed, signal, say }: SoakOptions): Promise<SoakReport> {
  setMaxListeners(0, signal);
  const stage = await openStage(say, signal);
  try {
    return await soak(stage, { operations, seed, signal, say });
  } finally {
    await stage.stop();
  }
}

async function soak(stage: Stage, { operations, seed, signal, say }: SoakOptions): Promise<SoakReport> {
  const chance = randomOf(seed);
  const deeds: Deeds = { reminders: [], used: new Map(), carts: [], broadcasts: [], failures: [] };
  const kills = { web: 0, worker: 0 };
  const counts = new Map<Operation, number>();
  stage.telegram.open(OWNER);
  stage.telegram.open(AUTHOR);
  const idle: Person[] = Array.from({ length: peopleFor(operations) }, (_, index) => {
    const id = FIRST + index;
    stage.telegram.open(id);
    stage.telegram.open(id + 100_000);
    return { id, stage, deeds, random: randomOf(seed + id), signal };
  });
  const began = performance.now();
  const running = new Set<Promise<void>>();
  let nextKill = chance.between(KILL_EVERY / 2, KILL_EVERY * 1.5);

  for (let done = 0; done < operations; done += 1) {
    signal.throwIfAborted();
    while (running.size >= AT_ONCE) await Promise.race(running);
    const name = chooseFrom(chance.weighted(MIX), done / operations);
    const person = idle.splice(chance.between(0, idle.length - 1), 1)[0]!;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const one: Promise<void> = OPERATIONS[name](person)
      .then(
        () => undefined,
        (error: unknown) => {
          if (!signal.aborted)
            deeds.failures.push({
              of: person.id,
              what: `${name} of ${person.id}: ${error instanceof Error ? error.message : String(error)}`,
            });
        },
      )
      .finally(() => {
        running.delete(one);
        idle.push(person);
      });
    running.add(one);
    // Workers have money in hand: two of three are theirs.
    const role = (kills.web + kills.worker) % 3 === 2 ? 'web' : 'worker';
    if (done >= nextKill && kill(stage, role, chance.next())) {
      kills[role] += 1;
      nextKill += chance.between(KILL_EVERY / 2, KILL_EVERY * 1.5);
    }
    if ((done + 1) % Math.max(100, operations / 20) < 1)
      say(`${done + 1} of ${operations} operations, ${kills.web + kills.worker} processes killed`);
  }
  await Promise.all(running);
  const after = performance.now();
  await settled(stage, signal, say).catch((error: unknown) => {
    signal.throwIfAborted();
    deeds.failures.push({ what: (error as Error).message });
  });
  const { problems, repeats, left, sums } = await verdict(stage, deeds, signal);
  return {
    seed,
    operations: Object.fromEntries([...counts].sort(([, a], [, b]) => b - a)),
    kills,
    payments: stage.telegram.stars().transactions.filter(({ source }) => source).length + paidElsewhere(stage).length,
    repeats,
    left,
    sums,
    seconds: { operations: (after - began) / 1000, settled: (performance.now() - after) / 1000 },
    problems,
  };
}

const chooseFrom = (name: Operation, passed: number): Operation =>
  name === 'reminder' && passed > REMINDED_UNTIL ? 'balance' : name;

/** One of those that are healthy, and never the last of its role: false where there is no other just now. */
function kill({ platform }: Stage, role: 'web' | 'worker', at: number): boolean {
  const alive = platform.tasks().filter((task) => task.role === role && task.state === 'healthy');
  if (alive.length < 2) return false;
  platform.kill(alive[Math.floor(at * alive.length)]!.id, 'SIGKILL');
  return true;
}
