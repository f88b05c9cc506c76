import { test } from 'node:test';
import { atRandomMoments, underForce } from './force.ts';
import { crashDatabase, cutConnections, freezeWorker, killWeb, killWorker } from './rig/blows.ts';
import type { Rig } from './rig/index.ts';

const BLOWS: ((rig: Rig) => Promise<unknown>)[] = [killWeb, killWorker, freezeWorker, crashDatabase, cutConnections];

/** May come again. Not the freeze: with both workers frozen at once there is nobody who could take their chats over. */
const AGAIN = BLOWS.filter((blow) => blow !== freezeWorker);

/** Each once and some again, in a random order. */
function shuffled({ random }: Rig): typeof BLOWS {
  const left = [...BLOWS, random.pick(AGAIN), random.pick(AGAIN)];
  return Array.from({ length: left.length }, () => left.splice(Math.floor(random.next() * left.length), 1)[0]!);
}

test('everything at once loses nothing that was acknowledged, and repeats only what was being sent', (t) =>
  underForce(t, {
    databaseUp: false,
    strike: async (rig) => {
      const blows = shuffled(rig);
      await atRandomMoments(rig, blows.length, (index) => blows[index]!(rig));
      return blows.map(({ name }) => name).join(', ');
    },
  }));
