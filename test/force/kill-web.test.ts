import { test } from 'node:test';
import { atRandomMoments, underForce } from './force.ts';
import { killWeb } from './rig/blows.ts';

test('SIGKILL of a web task loses nothing that was acknowledged, and nothing is sent twice', (t) =>
  underForce(t, {
    databaseUp: true,
    strike: async (rig) => {
      await atRandomMoments(rig, 4, () => killWeb(rig));
      return `${rig.webs.reduce((sum, web) => sum + web.predecessors.length, 0)} web tasks killed`;
    },
  }));
