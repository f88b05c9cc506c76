import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { ms, size } from '../../posture/readable.ts';
import { bytes, duration, formatBytes, formatDuration, formatPercent, percent } from '../../posture/units.ts';

const anyDuration = duration('0s', '1000d');
const anySize = bytes('0B', '1024TiB');
const anyShare = percent('0%', '1000%');
const whole = (max: number) => fc.integer({ min: 0, max });

describe('units', () => {
  it('come back as they went out', () => {
    fc.assert(fc.property(whole(1e10), (value) => assert.equal(z.decode(anyDuration, formatDuration(value)), value)));
    fc.assert(fc.property(whole(2 ** 50), (value) => assert.equal(z.decode(anySize, formatBytes(value)), value)));
    fc.assert(
      fc.property(whole(100_000), (value) => {
        const ratio = Number((value / 10_000).toFixed(6));
        assert.equal(z.decode(anyShare, formatPercent(ratio)), ratio);
      }),
    );
  });

  it('are written in the largest that leaves no remainder', () => {
    assert.equal(formatDuration(90_000), '90s');
    assert.equal(formatDuration(120_000), '2m');
    assert.equal(formatDuration(0), '0s');
    assert.equal(formatBytes(1536 * 2 ** 20), '1536MiB');
    assert.equal(formatBytes(2 ** 30), '1GiB');
  });

  it('mean the same in each', () => {
    const times = ['86400000ms', '86400s', '1440m', '24h', '1d'].map((text) => z.decode(anyDuration, text));
    assert.equal(new Set(times).size, 1);
    const sizes = ['1048576B', '1024KiB', '1MiB'].map((text) => z.decode(anySize, text));
    assert.equal(new Set(sizes).size, 1);
  });

  it('are never guessed', () => {
    for (const text of ['5', '5 s', 's', '-5s', '5S', '5sec', '5s5s', ''])
      assert.ok(!z.safeDecode(anyDuration, text).success, text);
    for (const text of ['5', '5MB', '5M', '-5MiB', '5mib']) assert.ok(!z.safeDecode(anySize, text).success, text);
    for (const text of ['5', '0.5', '-5%', '5 %']) assert.ok(!z.safeDecode(anyShare, text).success, text);
  });
});

describe('numbers for people', () => {
  it('read as one would say them', () => {
    assert.deepEqual([0, 2, 4752, 150_000, 380_000, 86_390_000, 604_800_000].map(ms), [
      '0s',
      '2ms',
      '4.752s',
      '150s',
      '6m 20s',
      '23h 59m 50s',
      '7d',
    ]);
    assert.deepEqual([0, 512, 1536, 5 * 2 ** 20, 1.5 * 2 ** 30].map(size), [
      '0 B',
      '512 B',
      '1.5 KiB',
      '5 MiB',
      '1.5 GiB',
    ]);
  });
});
