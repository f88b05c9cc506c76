import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLoop } from '../../app/loop.ts';
import { captureLog } from '../harness/logs.ts';
import { deferred, waitFor } from '../harness/wait.ts';

const never = 3_600_000;

test('a turn that asks for the next gets it at once; one that does not is followed by the pause', async (t) => {
  let turns = 0;
  const loop = startLoop({ name: 'test', every: never, log: captureLog().log, turn: async () => ++turns < 5 });
  t.after(() => loop.stop());
  await waitFor(() => turns === 5, { what: 'five turns' });
});

test('waking ends the pause, and waking during a turn is not forgotten', async (t) => {
  const gates = [deferred(), deferred(), deferred()];
  let turns = 0;
  const loop = startLoop({
    name: 'test',
    every: never,
    log: captureLog().log,
    turn: async () => gates[turns++]?.promise,
  });
  t.after(() => loop.stop());
  loop.wake();
  loop.wake();
  gates[0]!.resolve();
  await waitFor(() => turns === 2, { what: 'the turn that waking asked for' });
  gates[1]!.resolve();
  gates[2]!.resolve();
  await new Promise(setImmediate);
  assert.equal(turns, 2, 'two calls of wake during a turn ask for one more turn');
  loop.wake();
  await waitFor(() => turns === 3, { what: 'a turn after waking from the pause' });
});

test('a turn that fails is logged sparsely, backs off, and says when it has recovered', async (t) => {
  const captured = captureLog();
  let turns = 0;
  const loop = startLoop({
    name: 'test',
    every: never,
    log: captured.log,
    turn: async () => {
      if (++turns <= 3) throw new Error('away');
    },
  });
  t.after(() => loop.stop());
  await waitFor(() => captured.matching(/^recovered$/).length > 0, { what: 'the recovery' });
  assert.equal(turns, 4);
  assert.deepEqual(
    captured.lines.map(({ msg, failures, error }) => [msg, failures, error]),
    [
      ['turn failed', 1, 'away'],
      ['turn failed', 2, 'away'],
      ['recovered', 3, undefined],
    ],
  );
});

test('waking cuts the back-off short', async (t) => {
  let turns = 0;
  const loop = startLoop({
    name: 'test',
    every: never,
    log: captureLog().log,
    turn: async () => {
      turns += 1;
      throw new Error('away');
    },
  });
  t.after(() => loop.stop());
  const started = performance.now();
  for (let wanted = 1; wanted <= 100; wanted += 1) {
    await waitFor(() => turns >= wanted, { what: `turn ${wanted}` });
    loop.wake();
  }
  // With their back-offs, of 2.5 s at the least from the sixth on, a hundred turns would take four minutes.
  assert.ok(performance.now() - started < 120_000);
});

test('stopping aborts the signal of the turn, waits for the turn, and no other follows', async () => {
  const gate = deferred();
  let turns = 0;
  let aborted = false;
  let ended = false;
  const loop = startLoop({
    name: 'test',
    every: 1,
    log: captureLog().log,
    turn: async (signal) => {
      turns += 1;
      signal.addEventListener('abort', () => (aborted = true));
      await gate.promise;
      ended = true;
      return true;
    },
  });
  await waitFor(() => turns === 1, { what: 'a turn' });
  const stopped = loop.stop();
  assert.equal(aborted, true);
  assert.equal(ended, false);
  gate.resolve();
  await stopped;
  assert.equal(ended, true);
  assert.equal(turns, 1);
});
