/** Each figure of docs/scale.md is what the command beside it computes, and each of its postures is lawful. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bounds } from '../../posture/capacity.ts';
import { bearable, MEASURED, type Payer } from '../../posture/costs.ts';
import { prove } from '../../posture/laws/index.ts';
import { resolve } from '../../posture/resolve.ts';
import { loadStack } from '../../scripts/stack-file.ts';

const text = await readFile('docs/scale.md', 'utf8');

/** A command with the settings it makes, and the table after it. */
const steps = [...text.matchAll(/```sh\n(npm run posture[^`]*)```([^`]*\|[\s\S]*?)\n\n/g)].map(
  ([, command, table]) => ({
    set: [...command!.matchAll(/--set (\S+)/g)].map(([, one]) => one!),
    figures: [...(table ?? '').matchAll(/`(capacity\.\w+)` +\| (\d+)/g)].map(([, name, value]) => ({
      name: name!,
      value: Number(value),
    })),
  }),
);

describe('docs/scale.md', () => {
  it('has a command and figures for each step', () => {
    assert.equal(steps.length, 3);
    for (const { figures } of steps) assert.ok(figures.length > 0);
  });

  for (const { set, figures } of steps)
    it(`says what is computed: ${figures.map(({ name, value }) => `${name} ${value}`).join(', ')}`, async () => {
      const { posture } = await loadStack('prod', undefined, set);
      const proof = prove(posture);
      assert.deepEqual(proof.violations, []);
      for (const { name, value } of figures)
        assert.equal(proof.promises.find((one) => one.name === name)?.value, value, name);
    });
});

describe('capacity', () => {
  it('is the bound that ends first, and names it', () => {
    const { promises } = prove(resolve({}));
    const [first] = bounds(resolve({}));
    const whole = promises.find(({ name }) => name === 'capacity')!;
    assert.equal(whole.value, first!.perSecond);
    assert.match(whole.says, new RegExp(`first ends ${first!.name} `));
  });

  it('never promises more than was measured for the cores that were used', () => {
    for (const payer of Object.keys(MEASURED.micros) as Payer[]) {
      const { trickle } = MEASURED.micros[payer];
      const cores = (trickle * MEASURED.trickle) / 1e6;
      assert.ok(bearable(payer, cores) <= MEASURED.trickle + 1e-9, payer);
      fc.assert(
        fc.property(fc.double({ min: 0.01, max: 16, noNaN: true }), (more) => {
          assert.ok(bearable(payer, more) <= (more * 1e6) / MEASURED.micros[payer].flood);
          assert.ok(bearable(payer, more * 1.1) > bearable(payer, more));
        }),
      );
    }
  });
});
