/** What `npm run soak` does at length: mixed operations with kills in between. Sized by count, so that a slow machine only takes longer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSoak } from '../../scripts/soak/run.ts';
import { seeded } from '../harness/random.ts';

const OPERATIONS = 1_500;

test(
  `${OPERATIONS} mixed operations with kills in between: ledger, Telegram's books and what was told agree`,
  { timeout: 1_800_000 },
  async (t) => {
    const { seed } = seeded();
    t.diagnostic(`FORCE_SEED=${seed}`);
    const report = await runSoak({ operations: OPERATIONS, seed, signal: t.signal, say: () => undefined });
    t.diagnostic(JSON.stringify({ ...report, problems: report.problems.length }));
    assert.deepEqual(report.problems, [], `FORCE_SEED=${seed}`);
    assert.ok(report.kills.worker > 0 && report.kills.web > 0, 'workers and web tasks were killed');
    // Each kill finds as many sends under way as there are people at most.
    assert.ok(report.repeats <= 24 * report.kills.worker, `${report.repeats} messages came again`);
  },
);
