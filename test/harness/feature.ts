/** One feature on a real PostgreSQL and the simulated world: a web task and a worker as processes, a media task where it has jobs for one, everything else off. */
import { hasMedia } from '../../posture/limits.ts';
import { SWITCHED, type FeatureName } from '../../posture/features/index.ts';
import type { NovitaOptions } from '../../local/contract/index.ts';
import type { PostureInput } from '../../posture/schema/index.ts';
import { cleanup, type Owner } from './cleanup.ts';
import type { TestDatabase } from './database.ts';
import type { TaskProcess } from './task.ts';
import { waitFor } from './wait.ts';
import { startWorld, type World } from './world.ts';

export interface RunningFeature {
  world: World;
  database: TestDatabase;
  web: TaskProcess;
  worker: TaskProcess;
  /** Where the feature has jobs for one. */
  media?: TaskProcess;
  /** What the bot has said to somebody, in order. */
  said(user: number): string[];
  /** Somebody writes, and is answered: with the next thing that the bot says to them. */
  ask(user: number, text: string): Promise<string>;
  /** Waits until the bot has said it. */
  next(user: number, matching: RegExp): Promise<string>;
  /** States of the jobs of a queue, the oldest first, once none of them is due or under way. */
  jobs(queue: string): Promise<string[]>;
  /** Makes what waits for its time due now. */
  due(queue: string): Promise<void>;
}

const only = (feature: FeatureName): PostureInput['features'] =>
  Object.fromEntries(Object.keys(SWITCHED).map((name) => [name, name === feature]));

/** Features switched off, as far as they are there: a test that is not about them outlives them. */
export const off = (...names: string[]): PostureInput['features'] =>
  Object.fromEntries(names.filter((name) => name in SWITCHED).map((name) => [name, false]));

/**
 * ```ts
 * const feature = await startFeature({ after }, 'remind');
 * assert.match(await feature.ask(1, '/remind 1m tea'), /in 1 minute/);
 * await feature.due('remind');
 * await feature.next(1, /tea/);
 * ```
 * @param posture beside its being the only feature that is on
 */
export async function startFeature(
  owner: Owner,
  feature: FeatureName,
  { posture = {}, novita = {} }: { posture?: PostureInput; novita?: NovitaOptions } = {},
): Promise<RunningFeature> {
  const undo = cleanup(owner);
  const world = await startWorld({ after: undo }, { novita, posture: { ...posture, features: only(feature) } });
  const { database, telegram } = world;
  const [web, worker, media] = await Promise.all([
    world.startTask({ after: undo }, 'web'),
    world.startTask({ after: undo }, 'worker'),
    hasMedia(world.posture) ? world.startTask({ after: undo }, 'media') : undefined,
  ]);
  await Promise.all([web.ready(), worker.ready(), media?.ready()]);
  await world.setWebhook(web);

  const said = (user: number): string[] => {
    telegram.open(user);
    return telegram.messages(user).flatMap(({ from, text }) => (from === 'bot' ? [text] : []));
  };

  return {
    world,
    database,
    web,
    worker,
    ...(media && { media }),
    said,
    async ask(user, text) {
      const before = said(user).length;
      telegram.say(user, text);
      await waitFor(() => said(user).length > before, { what: `an answer to ${text}` });
      return said(user)[before]!;
    },
    next: (user, matching) =>
      waitFor(() => said(user).find((text) => matching.test(text)), { what: `${matching} to be said to ${user}` }),
    jobs: (queue) =>
      waitFor(
        async () => {
          const rows = await database.sql<{ state: string; due: boolean }>(
            `SELECT state::text, state <= 'active' AND start_after <= now() AS due FROM pgboss.job WHERE name = $1 ORDER BY created_on`,
            [queue],
          );
          return rows.some(({ due }) => due) ? undefined : rows.map(({ state }) => state);
        },
        { what: `the jobs of ${queue} to end` },
      ),
    async due(queue) {
      await database.sql(`UPDATE pgboss.job SET start_after = now() WHERE name = $1 AND state < 'active'`, [queue]);
    },
  };
}
