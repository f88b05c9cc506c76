import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atRandomMoments, deaths, underForce } from './force.ts';
import { crashDatabase } from './rig/blows.ts';

test('a database that crashes under load loses nothing that was acknowledged, and nothing is sent twice', (t) =>
  underForce(t, {
    databaseUp: false,
    strike: async (rig) => {
      const outages = await atRandomMoments(rig, 3, () => crashDatabase(rig));
      assert.deepEqual(await deaths(rig), [], 'no task dies of it');
      return `database away for ${outages.join(', ')} ms; ${rig.world.telegram.stats().retried} deliveries refused and tried again`;
    },
  }));
