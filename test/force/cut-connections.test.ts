import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { deaths, SPAN, underForce } from './force.ts';
import { cutConnections } from './rig/blows.ts';

test('connections cut in a loop lose nothing that was acknowledged, and nothing is sent twice', (t) =>
  underForce(t, {
    databaseUp: false,
    strike: async (rig) => {
      const until = performance.now() + 0.8 * SPAN;
      let cut = 0;
      for (let pause = 0; performance.now() + pause < until; pause = rig.random.between(50, 500)) {
        await sleep(pause);
        cut += await cutConnections(rig);
      }
      assert.deepEqual(await deaths(rig), [], 'no task dies of it');
      return `${cut} connections cut`;
    },
  }));
