/** What the bench says of a figure, and what it takes for a process's CPU. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { platform } from 'node:process';
import { test } from 'node:test';
import { cpuTime } from '../../scripts/bench/cpu.ts';
import { against, inTurn, markdown, median, ratio, table, type Row } from '../../scripts/bench/report.ts';

const figure = (value: number | undefined): Row => ({ name: 'share', value, unit: 'ratio' });

test('a figure at its goal has met it, one beyond has missed it, and one that was not measured has neither', () => {
  assert.equal(against(figure(0.6), '≥', 0.6).met, true);
  assert.equal(against(figure(0.599), '≥', 0.6).met, false);
  assert.equal(against(figure(1), '>', 1).met, false);
  assert.equal(against(figure(2.8), '≤', 2.8).met, true);
  assert.equal(against(figure(undefined), '≥', 1.3).met, undefined);
  const rows = [against(figure(0.5), '≥', 0.6), against({ ...figure(undefined), note: 'needs 4 cores' }, '≥', 1.3)];
  const [missed, absent] = table(rows, process.stderr).split('\n');
  assert.match(missed!, /share +0\.50 +goal ≥ 0\.60 +MISSED/);
  assert.match(absent!, /share +not measured +goal ≥ 1\.30 +needs 4 cores$/);
  assert.deepEqual(markdown(rows).split('\n').slice(2), [
    '| share | 0.50 | ≥ 0.60 **missed** |',
    '| share (needs 4 cores) | not measured | ≥ 1.30 |',
  ]);
});

test('what was not measured stays out of medians and ratios', () => {
  assert.equal(median([]), undefined);
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(ratio(1, median([])), undefined);
  assert.equal(ratio(1, 2), 0.5);
});

test('every other round goes the other way', () => {
  assert.deepEqual(
    [0, 1, 2].map((round) => inTurn(['a', 'b'], round).join('')),
    ['ab', 'ba', 'ab'],
  );
});

test(
  'CPU time is that of a process with its children, the ended ones too',
  { skip: platform === 'linux' ? false : 'there is no /proc' },
  async (t) => {
    // Computes for 200 ms of its own CPU time in a child that ends, then for as long in itself.
    const compute = `const until = 2e5; while (process.cpuUsage().user + process.cpuUsage().system < until);`;
    const child = spawn(
      process.execPath,
      [
        '-e',
        `require('node:child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(compute)}]);
              ${compute} console.log('computed'); setInterval(() => {}, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const spent = (await cpuTime(child.pid!))!;
    // The kernel counts in steps of 10 ms.
    assert.ok(spent >= 380_000, `${spent} µs`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(await cpuTime(child.pid!), undefined);
  },
);
