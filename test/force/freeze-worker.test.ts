import { test } from 'node:test';
import { atRandomMoments, underForce } from './force.ts';
import { freezeWorker } from './rig/blows.ts';

test('a worker frozen past its leases is overtaken, and when it goes on it repeats at most what it was about to send', (t) =>
  underForce(t, {
    databaseUp: true,
    strike: async (rig) => {
      const takeovers = await atRandomMoments(rig, 1, () => freezeWorker(rig));
      return `chats taken over after ${takeovers.map((passed) => `${Math.round(passed)} ms`).join(', ')}`;
    },
  }));
