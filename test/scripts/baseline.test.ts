/** What the reports' designs lose is lost there, by the same faults, and not here. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { benchBaseline } from '../../scripts/bench/baseline/index.ts';
import { benchPosture, openStage } from '../../scripts/bench/stage.ts';

test('loss as the reports had it, and none here', { timeout: 900_000 }, async (t) => {
  const stage = await openStage(benchPosture());
  after(() => stage.stop());
  const rows = await benchBaseline(stage, { people: 8 }, (text) => t.diagnostic(text));
  assert.equal(rows.length, 14);
  for (const { name, value, goal, met } of rows) assert.ok(met, `${name}: ${value}, goal ${goal}`);
});
