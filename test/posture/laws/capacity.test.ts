import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { filesFit } from '../../../posture/laws/files-fit.ts';
import { historyBounded } from '../../../posture/laws/history-bounded.ts';
import { heapNeeded, memoryFits } from '../../../posture/laws/memory-fits.ts';
import { ratesObeyed } from '../../../posture/laws/rates-obeyed.ts';
import { dataAtRest, storageLasts } from '../../../posture/laws/storage-lasts.ts';
import { BASE_MEMORY, bufferMemory, heapLimit, ROLES } from '../../../posture/limits.ts';
import { resolve } from '../../../posture/resolve.ts';
import type { PostureInput } from '../../../posture/schema/index.ts';
import { anyPosture } from '../arbitrary.ts';

const sums = (check: { violations: { sum: string }[] }): string[] => check.violations.map(({ sum }) => sum);

describe('memory.fits', () => {
  it('leaves 15 % of the memory free with a full heap and all buffers in use', () => {
    fc.assert(
      fc.property(anyPosture, fc.constantFrom(...ROLES), (posture, role) => {
        fc.pre(memoryFits.check(posture).holds);
        const full = BASE_MEMORY + heapLimit(posture, role) + bufferMemory(posture, role);
        assert.ok(full <= posture[role].memory * 0.85);
        assert.ok(heapNeeded(posture, role).bytes <= heapLimit(posture, role));
      }),
    );
  });

  it('refuses long histories in a small worker (fault history-memory)', () => {
    const posture = resolve({
      history: { characters: 1_000_000 },
      providers: { openrouter: { contextTokens: 2_000_000 } },
    });
    assert.match(
      sums(memoryFits.check(posture))[0]!,
      /^worker: .* > heap limit 737 MiB = 85 % of 1 GiB − base 90 MiB − buffers 43 MiB/,
    );
    assert.ok(!historyBounded.check(posture).holds);
  });

  it('refuses a size that Fargate does not have', () => {
    assert.deepEqual(sums(memoryFits.check(resolve({ web: { memory: '768MiB' } }))), [
      "web.memory 768 MiB is none of Fargate's for cpu 256: 512 MiB, 1 GiB, 2 GiB",
    ]);
  });
});

describe('history.bounded', () => {
  it("refuses a conversation that its model's window cannot hold, a token a character", () => {
    assert.deepEqual(sums(historyBounded.check(resolve({ history: { characters: 30_000 } }))), [
      'history.characters 30000 + question 4096 + instructions 1000 + maxTokens 800 = 35896 > contextTokens 32768',
    ]);
  });
});

describe('files.fit', () => {
  it('refuses a limit of open files that a full task reaches', () => {
    assert.ok(filesFit.check(resolve({})).holds);
    assert.match(
      sums(filesFit.check(resolve({ worker: { nofile: 512 } })))[0]!,
      /= 417 > 70 % of worker\.nofile 358\.4/,
    );
  });
});

describe('rates.obeyed', () => {
  it('refuses broadcasts that leave too little for the replies', () => {
    assert.deepEqual(sums(ratesObeyed.check(resolve({ providers: { telegram: { rate: { broadcast: 25 } } } }))), [
      'broadcast 25 + replies 15 = 40 > a second in all 30',
    ]);
  });

  it('refuses looks at an answer that the answer would have to wait for', () => {
    const quick = { chat: { stream: { pace: '500ms' } } };
    assert.deepEqual(sums(ratesObeyed.check(resolve(quick))), ['looks a second at an answer 2 > rate.chat 1']);
    for (const unseen of [{ features: { chat: false } }, { chat: { stream: { by: 'whole', pace: '500ms' } } }] as const)
      assert.ok(ratesObeyed.check(resolve({ ...quick, ...unseen })).holds);
  });
});

describe('storage.lasts', () => {
  it('fills at most 70 % of the largest disk however long the peak lasts', () => {
    const disk = fc.record({
      size: fc.integer({ min: 5, max: 200 }),
      max: fc.integer({ min: 5, max: 2000 }),
      updates: fc.integer({ min: 2, max: 60 }),
      conversation: fc.integer({ min: 1, max: 400 }),
      replies: fc.integer({ min: 0, max: 30 }),
    });
    fc.assert(
      fc.property(disk, ({ size, max, updates, conversation, replies }) => {
        const posture = resolve({
          database: {
            storage: { size: `${size}GiB`, max: `${max}GiB` },
            retention: { updates: `${updates}d`, conversation: `${conversation}d` },
          },
          providers: { telegram: { rate: { replies } } },
        });
        fc.pre(storageLasts.check(posture).holds);
        const written = replies * (updates * 256 + 2048 + conversation * 2048) * 86_400;
        const total = Object.values(dataAtRest(posture)).reduce((sum, part) => sum + part, 0);
        assert.ok(written < total);
        assert.ok(total <= max * 2 ** 30 * 0.7 + 1);
        assert.ok(size <= max);
      }),
    );
  });

  it('counts what is said, decided and paid beside what comes in', () => {
    const kept = (changes: PostureInput) => dataAtRest(resolve(changes));
    const shipped = kept({});
    const twice = kept({ database: { retention: { outbox: '4d' } } })['outbox']!;
    assert.ok(twice > 1.5 * shipped['outbox']!);
    assert.ok(kept({ database: { retention: { jobs: '10d' } } })['jobs']! > 3 * shipped['jobs']!);
    const slower = kept({ providers: { telegram: { rate: { replies: 5, broadcast: 15 } } } });
    assert.equal(slower['payments of five years'], shipped['payments of five years']! / 3);
  });

  it('refuses a disk that fills up before it may grow again', () => {
    assert.match(
      sums(storageLasts.check(resolve({ database: { storage: { size: '10GiB' } } })))[0]!,
      /growth in 6h between two steps of autoscaling 1\.5 GiB > 10 % of 10 GiB = 1 GiB/,
    );
  });
});
