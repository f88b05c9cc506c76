/** Whom the bot asks outside fails for a moment: one at a time of each, in every way that it can, and is well again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SWITCHED } from '../../posture/features/index.ts';
import type { Person } from './person.ts';
import type { Stage } from './stage.ts';

/** How often one of them fails, among what people do. */
export const OUTAGES = 3;
/** Longest, ms. */
const LASTS = 1_500;

/** Faults of one, each switched by itself; beside whatever else is switched there meanwhile. */
function ways({ telegram, novita, access, crypto, now }: Stage): [world: { faults: object }, ways: object[]][] {
  const payer = [{ error: true }, { loseAnswers: true }, { loseCallbacks: true }, { duplicates: 3 }];
  return [
    [telegram, [{ error: true }, { latency: 400 }, { rateLimit: { retryAfter: 1 } }]],
    [crypto, payer],
    [now, payer],
    ...('studio' in SWITCHED ? [[novita, RENDERER] as [{ faults: object }, object[]]] : []),
    ...('subscriptions' in SWITCHED ? [[access, DOORMAN] as [{ faults: object }, object[]]] : []),
  ];
}
const RENDERER = [
  { error: true },
  { rateLimit: true },
  { hang: true },
  { loseAnswers: true },
  { loseCallbacks: true },
  { fails: true },
  { resultGone: true },
  { slow: 3 },
];
const DOORMAN = [{ error: true }, { hang: true }, { loseAnswers: true }, { notFound: true }, { latency: 700 }];

const failing = new WeakSet<object>();

export async function outage({ stage, random, signal }: Pick<Person, 'stage' | 'random' | 'signal'>): Promise<void> {
  const [world, choices] = random.pick(ways(stage));
  const fault = random.pick(choices);
  const lasts = random.between(LASTS / 5, LASTS);
  if (failing.has(world)) return;
  failing.add(world);
  world.faults = { ...world.faults, ...fault };
  try {
    await sleep(lasts, undefined, { signal });
  } finally {
    const well = { ...world.faults };
    for (const key of Object.keys(fault)) delete well[key as keyof typeof well];
    world.faults = well;
    failing.delete(world);
  }
}
