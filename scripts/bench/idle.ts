/** Part: what a worker weighs that has everything on and nothing to do, beside one without what is sold. */
import { setTimeout as sleep } from 'node:timers/promises';
import { spellOut } from '../../posture/resolve.ts';
import { startWorld } from '../start/world.ts';
import { against, inTurn, median, type Row } from './report.ts';
import type { Stage } from './stage.ts';

const MiB = 2 ** 20;
const ARMS = ['without', 'everything'] as const;

export async function benchIdle(
  stage: Stage,
  { seconds, rounds }: { seconds: number; rounds: number },
  say: (text: string) => void,
): Promise<Row[]> {
  const found = new Map<string, number[]>(ARMS.map((arm) => [arm, []]));
  // Every outside of `npm start`, so that none is missing when a feature brings another.
  const world = await startWorld({ posture: stage.posture, env: {}, takeOver: false, say });
  try {
    for (let round = 0; round < rounds; round += 1)
      for (const arm of inTurn(ARMS, round)) {
        const input = spellOut(stage.posture);
        const features = Object.fromEntries(
          Object.keys(stage.posture.features).map((name) => [name, arm === 'everything']),
        );
        const worker = await stage.role('worker', {
          DATABASE_URL: await stage.database(true),
          ...world.env,
          // Media tasks would hold connections beside: the laws want room for them, as they do in the cloud.
          POSTURE: JSON.stringify({ ...input, features, web: { ...input.web, pool: 3 } }),
        });
        try {
          await sleep(seconds * 1000);
          const resident = await worker.memory();
          if (resident !== undefined) found.get(arm)!.push(resident / MiB);
          say(
            `idle ${round + 1}/${rounds} ${arm}: ${resident === undefined ? 'not measured' : `${Math.round(resident / MiB)} MiB`}`,
          );
        } finally {
          await worker.stop();
        }
      }
  } finally {
    await world.stop();
  }
  const [without, everything] = ARMS.map((arm) => median(found.get(arm)!));
  const more = without === undefined || everything === undefined ? undefined : everything - without;
  return [
    against(
      {
        name: 'idle worker: everything on, beside nothing of it',
        value: more,
        unit: 'MiB',
        ...(more === undefined && { note: 'there is no /proc' }),
      },
      '≤',
      40,
    ),
    { name: 'idle worker: everything on', value: everything, unit: 'MiB' },
  ];
}
