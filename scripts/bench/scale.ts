/** Part 4: the statements that everything is made of, on a small table and on large ones, in turn in the same run. */
import type { Pool } from '../../app/database/pool.ts';
import { readQueues } from '../../app/health/queues.ts';
import { storeUpdates } from '../../app/intake/store.ts';
import { parseUpdate } from '../../app/intake/update.ts';
import { BITE, BITES } from '../../app/jobs/retention.ts';
import { announceLanes, type LaneName } from '../../app/lanes/announce.ts';
import { claimLanes, type Claim } from '../../app/lanes/claim.ts';
import { QUEUES } from '../../app/lanes/queues.ts';
import { createSettler } from '../../app/lanes/settle.ts';
import { createSweep } from '../../app/lanes/sweep.ts';
import { BOT, fill, shapes, WORKER, type Shape } from './fill.ts';
import { message } from './load.ts';
import { openPool } from './pool.ts';
import { inTurn, median, ratio, type Row } from './report.ts';
import type { Stage } from './stage.ts';

/** Updates of one insert, half of them of chats that have nothing to do yet; lanes of one claim. */
const STORED = 100;
const CLAIMED = 20;

const STEPS = ['store', 'announce', 'claim', 'settle', 'sweep', 'retention bite', 'health look'] as const;
type Times = Record<(typeof STEPS)[number], number[]>;

interface Arm extends Shape {
  pool: Pool;
  /** Does each step once, and notes what it took. */
  round(): Promise<void>;
  times: Times;
}

export async function benchScale(
  stage: Stage,
  { scale, rounds }: { scale: number; rounds: number },
  say: (text: string) => void,
): Promise<Row[]> {
  const arms: Arm[] = [];
  try {
    for (const shape of shapes(scale)) {
      const database = await stage.database(true);
      // One round more: the first meets cold caches and is not counted.
      await fill(database, shape, (rounds + 1) * BITE);
      arms.push(createArm(stage, shape, openPool(database, stage.posture)));
      say(`scale: ${shape.name} is filled`);
    }
    for (const arm of arms) await arm.round();
    for (const { times } of arms) for (const step of STEPS) times[step].length = 0;
    for (let round = 0; round < rounds; round++) for (const arm of inTurn(arms, round)) await arm.round();
  } finally {
    await Promise.all(arms.map(({ pool }) => pool.end()));
  }
  return STEPS.flatMap((step) => {
    const small = median(arms[0]!.times[step]);
    return arms.map(({ name, times }, index): Row => {
      const value = median(times[step]);
      const beside = ratio(value, small);
      const note = index > 0 && beside !== undefined ? { note: `${beside.toFixed(1)} × the small table` } : {};
      return { name: `scale: ${step}: ${name}`, value, unit: 'ms', ...note };
    });
  });
}

function createArm(stage: Stage, shape: Shape, pool: Pool): Arm {
  const { posture } = stage;
  const times = Object.fromEntries(STEPS.map((step) => [step, [] as number[]])) as Times;
  const sweep = createSweep(pool, posture, 0);
  const settler = createSettler({ pool, botId: BOT, wait: 0, renewed: () => undefined });
  /** After everything that is there. */
  let nextUpdate = 1_000_000_000;

  async function timed<T>(step: (typeof STEPS)[number], work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const result = await work();
    times[step].push(performance.now() - began);
    return result;
  }

  const store = (): Promise<LaneName[]> => {
    const batch = Array.from({ length: STORED }, (_, index) => {
      const id = nextUpdate++;
      const chat = index % 2 === 0 ? 1 + (id % shape.lanes) : id;
      return parseUpdate(message(id, chat, `message ${id}`), BOT)!;
    });
    return timed('store', () => storeUpdates(pool, BOT, batch));
  };

  /** Each has more to do: its lane's row goes with the settle, and comes back with the look after it. */
  const settle = (claims: Claim[]): Promise<unknown> =>
    timed('settle', () =>
      Promise.all(claims.map((claim) => settler.settle(claim, { update: claim.updates[0]!, unknown: false }, 'empty'))),
    );

  return {
    ...shape,
    pool,
    times,
    async round() {
      const lanes = await store();
      await timed('announce', () => announceLanes(pool, BOT, lanes));
      const claims = await timed('claim', () => claimLanes(pool, WORKER, BOT, 'chat', CLAIMED));
      if (claims.length !== CLAIMED)
        throw new Error(`${shape.name}: ${claims.length} lanes were ready, not ${CLAIMED}`);
      await settle(claims);
      await timed('sweep', sweep);
      const { rows } = await timed('retention bite', () =>
        pool.query<{ deleted: number }>(BITES.updates, [posture.database.retention.updates, '-infinity']),
      );
      if (rows[0]!.deleted !== BITE) throw new Error(`${shape.name}: a bite deleted ${rows[0]!.deleted}`);
      await timed('health look', () => readQueues(pool, QUEUES, posture.lanes.poll + 2 * posture.lanes.sweep));
    },
  };
}
