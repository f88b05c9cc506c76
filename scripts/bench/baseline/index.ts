/**
 * Part: what the reports' bots lost, by the same faults that are done to ours. Counts of people and messages, so that they
 * mean the same on any machine: what is lost there has to be above 0, and what is lost here is 0.
 */
import { against, type Row } from '../report.ts';
import type { Stage } from '../stage.ts';
import { SCENES, type Counts, type Size } from './scenes.ts';
import { ourSide, theirSide, type Side } from './side.ts';

async function play(start: (stage: Stage) => Promise<Side>, stage: Stage, size: Size, say: (text: string) => void) {
  const side = await start(stage);
  const counts: Counts = {};
  try {
    for (const scene of SCENES) {
      Object.assign(counts, await scene(side, size));
      say(`baseline, ${side.name}: ${scene.name}`);
    }
  } finally {
    await side.stop();
  }
  return counts;
}

export async function benchBaseline(stage: Stage, size: Size, say: (text: string) => void): Promise<Row[]> {
  const theirs = await play(theirSide, stage, size, say);
  const ours = await play(ourSide, stage, size, say);
  return Object.keys(theirs).flatMap((name) => [
    against({ name: `${name}, as reported`, value: theirs[name], unit: 'count' }, '>', 0),
    against({ name: '… here', value: ours[name], unit: 'count' }, '≤', 0),
  ]);
}
