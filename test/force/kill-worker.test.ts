import { test } from 'node:test';
import { atRandomMoments, underForce } from './force.ts';
import { killWorker } from './rig/blows.ts';

test('SIGKILL of a worker loses nothing, repeats only what it was sending, and its chats go on in time', (t) =>
  underForce(t, {
    databaseUp: true,
    strike: async (rig) => {
      const takeovers = await atRandomMoments(rig, 3, () => killWorker(rig));
      return `chats taken over after ${takeovers.map((passed) => `${Math.round(passed)} ms`).join(', ')}`;
    },
  }));
