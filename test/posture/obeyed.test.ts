/**
 * What is declared is obeyed: every key of the posture is read by a task that runs, or by the program that builds the
 * infrastructure. A key that only laws read needs its reason here; a key that nothing reads has none.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { readConfig } from '../../app/config.ts';
import { decide } from '../../app/lanes/decide.ts';
import { RetryLater } from '../../app/outcome.ts';
import { migrate } from '../../app/roles/migrate.ts';
import { deploy } from '../../infra/aws/index.ts';
import { readSettings } from '../../infra/config.ts';
import { answeredInTime } from '../../posture/laws/pre-checkout-in-time.ts';
import { laws } from '../../posture/laws/index.ts';
import { resolve } from '../../posture/resolve.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { serverParameters } from '../../posture/server-parameters.ts';
import { leafPaths, traced } from '../../posture/trace.ts';
import '../harness/remind-by-media.ts';
import { captureLog } from '../harness/logs.ts';
import { startWorld } from '../harness/world.ts';
import { computed, invoked } from '../infra/cloud.ts';
import { CONFIG } from '../infra/harness.ts';
import { PROD } from '../infra/stacks.ts';
import { handlesAnUpdate } from './in-process.ts';

/** Keys that only laws and promises read, each with what it is for. */
const BUDGETS: Readonly<Record<string, string>> = {
  'database.backendMemory': 'measured; decides whether the memory of the server bears its connections',
  'jobs.preCheckout.perSecond': 'expected; decides how many lanes it takes once something is for sale',
  'providers.openrouter.contextTokens': 'a fact about the model; decides how long a conversation may be',
  'providers.access.takes': 'expected; shorter than a call may take',
  'providers.novita.takes': 'expected; decides how many renders are looked at at once',
  'providers.openrouter.takes': 'expected; decides how many places the traffic takes',
  'providers.telegram.takes': 'expected; decides how many places the traffic takes',
  'providers.telegram.rate.replies': 'expected; decides rate, disk, lanes and places',
  'rollout.boot': 'measured; decides how soon a bad deploy is back at the old tasks',
};

/** Read where this test cannot go: by whoever ends the process, and where one has died. Each has tests with processes. */
const ELSEWHERE: Readonly<Record<string, { file: string; by: string }>> = {
  'lanes.takeovers': { file: 'app/lanes/takeover.ts', by: 'posture.lanes.takeovers' },
  ...Object.fromEntries(
    (['image', 'video'] as const).flatMap((kind) => [
      [`studio.${kind}.price`, { file: 'app/features/studio/index.ts', by: 'posture.studio[kind].price' }],
      [`studio.${kind}.model`, { file: 'app/features/studio/render.ts', by: 'posture.studio[begin.makes].model' }],
      [`studio.${kind}.takes`, { file: 'app/features/studio/steps.ts', by: 'kind.takes' }],
      [`studio.${kind}.deadline`, { file: 'app/features/studio/index.ts', by: 'declared.deadline' }],
    ]),
  ),
  'studio.quoteLasts': { file: 'app/features/studio/index.ts', by: 'posture.studio.quoteLasts' },
  'studio.atOnce': { file: 'app/features/studio/index.ts', by: '{ atOnce, ' },
  'studio.reserve': { file: 'app/features/studio/index.ts', by: 'reserve: holds' },
  'studio.perMinute': { file: 'app/features/studio/render.ts', by: 'posture.studio.perMinute' },
  'studio.tries': { file: 'app/features/studio/look.ts', by: 'posture.studio.tries' },
  'studio.fallback': { file: 'app/features/studio/look.ts', by: 'posture.studio.fallback' },
  'studio.poll.first': { file: 'app/features/studio/steps.ts', by: 'poll.first' },
  'studio.poll.max': { file: 'app/features/studio/steps.ts', by: 'poll.max' },
  ...Object.fromEntries(
    ['credits', 'period', 'stars'].map((key) => [
      `plans.offered.month.${key}`,
      { file: 'app/features/subscriptions/plans.ts', by: '{ credits, period, stars }' },
    ]),
  ),
  'providers.access.address': { file: 'app/roles/worker.ts', by: 'posture.providers.access.address' },
  'downloads.perDay': { file: 'app/features/downloads/index.ts', by: '{ perDay, open, ' },
  'downloads.open': { file: 'app/features/downloads/index.ts', by: '{ perDay, open, ' },
  'downloads.endsWithin': { file: 'app/features/downloads/index.ts', by: 'endsWithin: deadline' },
  'downloads.asked': { file: 'app/features/downloads/index.ts', by: '{ formats, asked: lasts }' },
  'downloads.formats': { file: 'app/features/downloads/index.ts', by: '{ formats, asked: lasts }' },
  'downloads.within': { file: 'app/features/downloads/job.ts', by: '{ within, maxSize, sendable }' },
  'downloads.maxSize': { file: 'app/features/downloads/job.ts', by: '{ within, maxSize, sendable }' },
  'downloads.sendable': { file: 'app/features/downloads/job.ts', by: '{ within, maxSize, sendable }' },
  'watchdog.maxLag': { file: 'app/roles/start.ts', by: '...posture.watchdog' },
  'watchdog.stalledAfter': { file: 'app/roles/start.ts', by: '...posture.watchdog' },
};

const PRE_CHECKOUT = {
  update_id: 1,
  pre_checkout_query: {
    id: '1',
    from: { id: 7, is_bot: false, first_name: 'A' },
    currency: 'XTR',
    total_amount: 1,
    invoice_payload: '',
  },
};

const PAYMENT = {
  update_id: 2,
  message: {
    message_id: 1,
    date: 1,
    chat: { id: 7, type: 'private', first_name: 'A' },
    from: { id: 7, is_bot: false, first_name: 'A' },
    successful_payment: {
      currency: 'XTR',
      total_amount: 1,
      invoice_payload: '',
      telegram_payment_charge_id: 'c',
      provider_payment_charge_id: '',
    },
  },
};

/** With what is off as shipped, so that its laws speak as well. */
const posture = resolve({
  ...PROD,
  // Media tasks take their connections from those.
  web: { ...(PROD as { web?: object }).web, pool: 3 },
  features: { ...(PROD as { features?: object }).features, studio: true, subscriptions: true, remind: true },
});

/** Declares everything that the stack has in the cloud, on mocks of Pulumi. */
async function declare(recorded: Posture): Promise<void> {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => computed(type, name, inputs as Record<string, unknown>),
      call: ({ token, inputs }) => invoked(token, inputs as Record<string, unknown>),
    },
    'evenkeel',
    'prod',
    false,
  );
  pulumi.runtime.setAllConfig({ ...CONFIG, 'evenkeel:posture': JSON.stringify(PROD) }, ['botToken']);
  await pulumi.runtime.runInPulumiStack(async () => deploy({ ...readSettings(), posture: recorded, proof: [] }));
  await pulumi.runtime.disconnect();
}

test('every key is read at run time or in the infrastructure, or is a budget of the laws with its reason', async () => {
  const { posture: recorded, read } = traced(posture);
  const world = await startWorld({ after }, { posture: { web: { pool: 3 } } });
  const { log } = captureLog();
  await migrate({ ...readConfig('migrate', world.env('migrate')), posture: recorded }, log);
  await handlesAnUpdate(world, recorded, 3, [PRE_CHECKOUT, PAYMENT]);
  for (const job of [...Object.values(recorded.jobs), ...Object.values(recorded.work)])
    for (const failure of [new RetryLater(1, 'a provider is away'), new Error('a defect')])
      decide(failure, { attempts: 0, age: 0 }, job);
  serverParameters(recorded);
  await declare(recorded);

  const unread = leafPaths(posture).filter((path) => !read.has(path));
  assert.deepEqual(unread.sort(), [...Object.keys(BUDGETS), ...Object.keys(ELSEWHERE)].sort());
  for (const [path, { file, by }] of Object.entries(ELSEWHERE))
    assert.ok((await readFile(file, 'utf8')).includes(by), `${file} no longer reads ${path}`);
});

test('every budget is read by a law', () => {
  const { posture: recorded, read } = traced(posture);
  for (const law of laws) law.check(recorded);
  for (const clause of answeredInTime(recorded)) assert.ok(clause.sum);
  for (const path of Object.keys(BUDGETS)) assert.ok(read.has(path), path);
});
