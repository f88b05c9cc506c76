import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { writeChange, type Change } from '../../../posture/laws/changes.ts';
import { assertHolds, assertProven, laws, prove } from '../../../posture/laws/index.ts';
import { valueAt, withValue } from '../../../posture/path.ts';
import { jsonSchema, PostureError, resolve, spellOut } from '../../../posture/resolve.ts';
import { traced } from '../../../posture/trace.ts';
import { loadStack } from '../../../scripts/stack-file.ts';
import { anyPosture } from '../arbitrary.ts';

/** Applies a change to a posture as written, as an operator would. */
function apply(written: unknown, { path, to, needs }: Change): unknown {
  const typed = (where: string, text: string) => {
    const old = valueAt(written, where);
    return typeof old === 'string' ? text : (JSON.parse(text) as unknown);
  };
  const changed = withValue(written, path, typed(path, to));
  return needs ? withValue(changed, needs.path, typed(needs.path, needs.to)) : changed;
}

describe('the shipped stacks', () => {
  for (const name of ['prod', 'local']) {
    it(`${name} obeys every law`, async () => {
      const { posture } = await loadStack(name);
      assert.deepEqual(
        prove(posture).violations.map(({ line }) => line),
        [],
      );
      assertProven(posture);
    });
  }
});

describe('a law', () => {
  it('has a name of its own, a fault of the catalogue, a sentence, and reads the posture', async () => {
    const faults = await readFile('docs/faults.md', 'utf8');
    assert.equal(new Set(laws.map(({ name }) => name)).size, laws.length);
    for (const law of laws) {
      assert.match(law.name, /^[a-z]+(\.[a-z0-9]+)+$/);
      assert.match(law.says, /^[A-Z].*\.$/);
      assert.ok(law.prevents.length > 0);
      for (const fault of law.prevents) assert.ok(faults.includes(fault), `${law.name}: ${fault}`);
      const { posture, read } = traced(resolve({}));
      law.check(posture);
      // The one law that wants nothing while nothing is for sale.
      if (law.name !== 'precheckout.in.time') assert.ok(read.size > 0, `${law.name} reads nothing`);
    }
  });

  it('stands in a file of its own and in the list', async () => {
    const helpers = ['law.ts', 'changes.ts', 'index.ts'];
    const files = (await readdir('posture/laws')).filter((file) => !helpers.includes(file));
    assert.equal(files.length, laws.length);
  });
});

describe('a violation', () => {
  it('reads as one line: the law, its sum, the faults it prevents, the smallest changes', () => {
    const { violations } = prove(resolve({ worker: { tasks: { max: 8 }, pool: 12 }, web: { tasks: { max: 6 } } }));
    assert.deepEqual(
      violations.map(({ line }) => line),
      [
        'connections.fit: web 12×5 + 6×5 stopping = 90, worker 16×13 + 8×13 stopping = 312, migrate 2 + sentinel 2 + operators 5 = 9: 411 > 185 usable of 200 − 3 superuser − 12 service. Prevents pool-exhaustion, db-quota, lifecycle-hooks. Smallest change: database.maxConnections 200 → 426 (needs database.instance db.t4g.small → db.t4g.large), or worker.tasks.max 8 → 2.',
      ],
    );
  });

  it('offers changes that keep their word, on any broken posture', () => {
    fc.assert(
      fc.property(anyPosture, (posture) => {
        const broken = laws.flatMap((law) => law.check(posture).violations).length;
        fc.pre(broken > 0 && broken <= 4);
        const before = prove(posture);
        for (const violation of before.violations)
          for (const change of violation.changes) {
            const after = resolve(apply(spellOut(posture), change));
            const law = laws.find(({ name }) => name === violation.law)!;
            assert.ok(law.check(after).clauses[violation.clause]?.holds, `${violation.law}: ${writeChange(change)}`);
            const left = laws.flatMap((one) => one.check(after).violations).length;
            assert.ok(left < before.violations.length, `${violation.law}: ${writeChange(change)}`);
            assert.equal(change.complete, left === 0);
          }
      }),
      { numRuns: 12 },
    );
  });

  it('offers the smallest: one step less does not do', () => {
    const broken = { worker: { pool: 20 } };
    const [first] = prove(resolve(broken)).violations[0]!.changes;
    assert.equal(writeChange(first!), 'worker.pool 20 → 8');
    assert.ok(prove(resolve({ worker: { pool: 8 } })).holds);
    assert.ok(!prove(resolve({ worker: { pool: 9 } })).holds);
  });

  it('says what is wanted where no single key will do', () => {
    const [violation] = prove(resolve({ stage: 'production' })).violations;
    assert.match(
      violation!.line,
      /No single key satisfies it; wanted: oncall\.emails, oncall\.https, oncall\.page, oncall\.slack\.page or oncall\.telegramChat/,
    );
  });
});

describe('assertProven', () => {
  it('throws one line for each violation', () => {
    const posture = resolve({
      telegram: { maxConnections: 100 },
      web: { maxInFlight: 40 },
      rollout: { surge: '100%' },
    });
    assert.throws(
      () => assertProven(posture),
      (error: unknown) => {
        assert.ok(error instanceof PostureError);
        assert.deepEqual(
          error.problems.map((line) => line.split(':')[0]),
          ['webhook.absorbs', 'rollout.converges', 'rollout.converges'],
        );
        assert.ok(error.problems.every((line) => !line.includes('\n')));
        return true;
      },
    );
  });
});

describe('assertHolds', () => {
  it('says what is broken and what is wanted, and asks each law once', (t) => {
    const checks = laws.map((law) => t.mock.method(law, 'check'));
    const posture = resolve({ telegram: { maxConnections: 100 }, web: { maxInFlight: 40 }, worker: { pool: 90 } });
    assert.throws(
      () => assertHolds(posture),
      (error: unknown) => {
        assert.ok(error instanceof PostureError);
        assert.deepEqual(
          error.problems.map((line) => line.split(':')[0]),
          ['connections.fit', 'webhook.absorbs'],
        );
        for (const line of error.problems) assert.match(line, /^[^\n]*\. Prevents [^\n]*\. Wanted: [^\n]*\.$/);
        return true;
      },
    );
    assert.deepEqual(
      checks.map((check) => check.mock.callCount()),
      laws.map(() => 1),
    );
  });

  it('lets pass what is proven', () => assertHolds(resolve({})));
});

describe('the search for changes', () => {
  it('has the schema made once, whatever number of keys it tries', () => {
    assert.equal(jsonSchema(), jsonSchema());
    assert.notEqual(jsonSchema('draft-7'), jsonSchema());
  });
});

describe('the promises', () => {
  const promised = (values: object) =>
    Object.fromEntries(prove(resolve(values)).promises.map(({ name, value, shown }) => [name, { value, shown }]));

  it('say what an operator may rely on', () => {
    const shipped = promised({});
    assert.deepEqual(shipped['connections.peak'], { value: 177, shown: '177 of 185' });
    assert.deepEqual(shipped['takeover'], { value: 17_500, shown: '17.5s' });
    assert.deepEqual(shipped['drain.worker'], { value: 50_500, shown: '50.5s' });
    assert.deepEqual(shipped['outage.callback_query'], { value: 140_000, shown: '140s' });
    assert.deepEqual(shipped['outage.message']?.shown, '23h 59m 50s');
    assert.deepEqual(shipped['rollback']?.shown, '6m 20s');
    assert.equal(shipped['recovery.loss']?.value, 0);
  });

  it('admit more where less is declared', () => {
    const bare = promised({ database: { multiAz: false } });
    assert.equal(bare['recovery.loss']?.value, 300_000);
    assert.ok(
      promised({ telegram: { allowedUpdates: ['message', 'inline_query'] } })['outage.inline_query']!.value <= 20_000,
    );
  });
});
