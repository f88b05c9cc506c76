/** The table of features: what is declared is handled, offered and explained. What the compiler refuses stands here too. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { z } from 'zod';
import { featureGauges } from '../../../contract/health.ts';
import { CALLBACK_PATHS, type CallbackSource } from '../../../contract/paths.ts';
import { SWITCHED, ALWAYS, QUEUES } from '../../../posture/features/index.ts';
import { switched } from '../../../posture/features/feature.ts';
import { resolve } from '../../../posture/resolve.ts';
import type { Feature, JobNeeds } from '../../../app/features/feature.ts';
import { gaugesOf, jobsOf, offersOf, schedulesOf } from '../../../app/features/index.ts';
import { receiversOf, type CallbackSecrets } from '../../../app/features/receivers.ts';

/** Nothing that is asked here asks for any of it. */
const NEEDS = { posture: resolve({}), botId: 42 } as unknown as JobNeeds;

test('each queue and each schedule that a feature declares has who handles it, by its own name', () => {
  const jobs = jobsOf(NEEDS);
  assert.deepEqual(Object.keys(jobs).sort(), Object.keys(NEEDS.posture.work).sort());
  for (const [name, { queue }] of Object.entries(jobs)) assert.equal(queue.name, name);
  const declared = [...Object.values(SWITCHED), ...Object.values(ALWAYS)].flatMap(({ slots }) => Object.keys(slots));
  assert.deepEqual(Object.keys(schedulesOf(NEEDS)).sort(), declared.sort());
  assert.deepEqual(Object.keys(QUEUES).sort(), Object.keys(NEEDS.posture.work).sort());
});

test('each gauge that a page of health knows is read by a feature', () => {
  assert.deepEqual(Object.keys(gaugesOf()).sort(), Object.keys(featureGauges.shape).sort());
});

test('who is paid has a receiver where its secret is set, at its own way in; whatever is switched on', () => {
  const secrets: CallbackSecrets = { cryptoPay: ['a-secret'], nowPayments: ['a-secret'] };
  const paid = Object.values(SWITCHED).flatMap(({ paidBy }): readonly CallbackSource[] => paidBy);
  const all = receiversOf(secrets);
  assert.deepEqual(all.map(({ source }) => source).sort(), [...paid].sort());
  for (const { source, path } of all) assert.equal(path, CALLBACK_PATHS[source]);
  for (const payer of paid)
    assert.deepEqual(
      receiversOf({ ...secrets, [payer]: [] })
        .map(({ source }) => source)
        .sort(),
      paid.filter((other) => other !== payer).sort(),
    );
});

test('each queue is explained to who is called about it', () => {
  const runbooks = readFileSync('docs/runbooks/README.md', 'utf8');
  for (const name of Object.keys(QUEUES))
    assert.ok(
      new RegExp(`^\\| \`${name}\` +\\|`, 'm').test(runbooks),
      `${name} has no row under "What a job is" in docs/runbooks/README.md`,
    );
});

test('no two features offer the same command, and no name is one that Telegram refuses', () => {
  const names = offersOf(resolve({})).map(({ command }) => command.name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const name of names) assert.match(name, /^[a-z0-9_]{1,32}$/);
});

test('what is switched off is not offered; what undoes something is', () => {
  const names = Object.keys(SWITCHED);
  const off = resolve({ features: Object.fromEntries(names.map((name) => [name, false])) });
  assert.deepEqual(
    offersOf(off),
    offersOf(resolve({})).filter(({ shown, command }) => shown === 'always' || command.name === 'help'),
  );
});

const never = () => Promise.reject(new Error('nobody calls this'));
const stars = { stars: never };
const refund = { refund: undefined as never };
const { queue } = QUEUES.refund;
const flag = z.boolean();

/** Never run: it is here for `tsc`, which fails where one of these is no error. */
export const doesNotCompile = () => [
  // @ts-expect-error -- a queue is declared, and nobody handles it
  { schedules: () => ({ ...stars, reconcile: never }) } satisfies Feature<'money'>,
  // @ts-expect-error -- a schedule is declared, and nobody handles it
  { jobs: () => refund, schedules: () => stars } satisfies Feature<'money'>,
  // @ts-expect-error -- nobody is told what has died in it
  switched({ flag, work: { refund: { queue, what: 'refunds' } } }),
];
