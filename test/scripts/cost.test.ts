/** `npm run cost`: what it prices is what the program declares, and the guide says what it computes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { prove } from '../../posture/laws/index.ts';
import { INSTANCE_MEMORY_GIB } from '../../posture/schema/database.ts';
import { declared } from '../../scripts/cost/declared.ts';
import { estimate, type Estimate } from '../../scripts/cost/estimate.ts';
import { unpriced } from '../../scripts/cost/known.ts';
import { total } from '../../scripts/cost/lines.ts';
import { DATABASE } from '../../scripts/cost/prices.ts';
import { markdown, withTables } from '../../scripts/cost/report.ts';
import { loadStack, type Stack } from '../../scripts/stack-file.ts';
import { run } from '../infra/harness.ts';
import { MAXIMAL, OPTIONS, PROD, WITH_DOMAIN } from '../infra/stacks.ts';

const ROOT = join(import.meta.dirname, '../..');
const SHIPPED = join(ROOT, 'test/fixtures');
const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const shipped = (set: string[] = []): Promise<Stack> => loadStack('prod', SHIPPED, set);
const amount = ({ lines }: Estimate, what: string): number =>
  lines.filter((line) => line.what.startsWith(what)).reduce((sum, line) => sum + line.amount, 0);

describe('a bill', () => {
  test('is of exactly what the program declares', async () => {
    // Recipients are only counted, so their names are others.
    const names = (resources: { type: string; name: string }[]): string[] =>
      resources
        .filter(({ type }) => /^(aws|random|pulumi-nodejs):/.test(type))
        .map(({ type, name }) => `${type} ${type.endsWith(':TopicSubscription') ? '' : name}`)
        .sort();
    assert.deepEqual(names(await declared(await shipped())), names((await run({ posture: PROD })).resources));
  });

  for (const [name, posture] of Object.entries({ PROD, WITH_DOMAIN, MAXIMAL, OPTIONS }))
    test(`knows every type of resource that is declared (${name})`, async () => {
      const { resources } = await run({ posture });
      assert.deepEqual(
        unpriced(resources),
        [],
        'price it in scripts/cost/lines.ts, or say in scripts/cost/known.ts that it costs nothing',
      );
    });

  test('follows the posture: copies of the database, gateways, addresses, tasks', async () => {
    const [as, single, nat, domain] = [
      await estimate(await shipped()),
      await estimate(await shipped(['database.multiAz=false', 'stage=development'])),
      await estimate(await shipped(['network.egress=nat'])),
      await estimate(await shipped(['ingress.domain=bot.example.com', 'ingress.zone=example.com'])),
    ];
    assert.ok(Math.abs(amount(as, 'RDS') - 2 * amount(single, 'RDS')) < 0.01);
    assert.equal(amount(as, '2 NAT gateways'), 0);
    assert.ok(amount(nat, '2 NAT gateways') > 70);
    assert.equal(amount(nat, 'public address of each task'), 0);
    assert.ok(domain.total > as.total + 7);
    assert.ok(as.beside.find(({ what }) => what.includes('NAT'))!.amount > as.total + 50);
    assert.ok(Math.abs(as.total - total(as.lines)) < 1e-9);
  });

  test('is made with every feature on, without a key of any provider', async () => {
    const on = Object.keys((await shipped()).posture.features).map((feature) => `features.${feature}=true`);
    // Media tasks hold connections as well: docs/production.md, "Files behind links".
    assert.ok((await estimate(await shipped([...on, 'web.pool=3']))).total > 100);
  });

  test('has a price for every class of server that the posture may name', () => {
    assert.deepEqual(Object.keys(DATABASE).sort(), Object.keys(INSTANCE_MEMORY_GIB).sort());
  });
});

describe('the guide', () => {
  test('has the tables that the command computes', async () => {
    const guide = text('docs/production.md');
    assert.equal(
      withTables(guide, markdown(await estimate(await shipped()))),
      guide,
      'run: npm run -s cost -- prod --write docs/production.md',
    );
  });

  test('names a cheapest variant that obeys the laws, and costs what is said', async () => {
    const guide = text('docs/production.md');
    const [, command = ''] = /```sh\n(npm run posture -- prod --set stage=development[^`]*)```/.exec(guide)!;
    const stack = await shipped([...command.matchAll(/--set (\S+)/g)].map(([, set]) => set!));
    assert.ok(prove(stack.posture).holds, 'the variant obeys all laws');
    const { total } = await estimate({ ...stack, config: { ...stack.config, 'evenkeel:architecture': 'arm64' } });
    const said = /cheapest sensible variant\*\*, about (\d+) a month/.exec(guide)![1];
    assert.ok(Math.abs(Number(said) - total) <= 5, `the guide says about ${said}, computed are ${total.toFixed(0)}`);
  });

  test('and README round the same figures', async () => {
    const [, shippedFor, cheapest] = /About (\d+) USD a\s+month as shipped[^.]*?about (\d+) for the cheapest/.exec(
      text('README.md'),
    )!;
    const said = /cheapest sensible variant\*\*, about (\d+) a month/.exec(text('docs/production.md'))![1];
    assert.equal(cheapest, said);
    const { total } = await estimate(await shipped());
    assert.ok(
      Math.abs(Number(shippedFor) - total) <= 5,
      `README says about ${shippedFor}, computed are ${total.toFixed(0)}`,
    );
  });
});

describe('npm run cost', () => {
  const cost = (args: string[]): Promise<{ code: number; out: string; err: string }> =>
    new Promise((done) => {
      const flags = ['--disable-warning=ExperimentalWarning', join(ROOT, 'scripts/cost.ts')];
      execFile(process.execPath, [...flags, ...args], { cwd: SHIPPED }, (error, out, err) =>
        done({ code: error ? Number(error.code) : 0, out, err }),
      );
    });

  test('prints a bill for people, and JSON for machines', async () => {
    const people = await cost(['prod']);
    assert.deepEqual([people.code, people.err], [0, '']);
    assert.match(people.out, /RDS db\.t4g\.small, Multi-AZ +54\.02/);
    assert.match(people.out, /copied \d{4}-\d\d-\d\d from/);
    const machine = JSON.parse((await cost(['prod', '--json'])).out) as Estimate & { stack: string };
    assert.equal(machine.stack, 'prod');
    assert.ok(machine.total > 100 && machine.lines.length > 10);
  });

  test('says no on one line', async () => {
    const cases: [string[], number, RegExp][] = [
      [[], 2, /^which stack\? .*the stacks here are local, prod, staging\n$/],
      [['prd'], 2, /^Pulumi\.prd\.yaml does not exist/],
      [
        ['prod', '--jsn'],
        2,
        /^unknown option "--jsn"; did you mean "--json"\? npm run cost -- --help lists the options\n$/,
      ],
      [['prod', '--set', 'worker.pool=40'], 1, /^connections\.fit: .*Smallest change/],
      [['prod', '--set', 'ingress.domain=bot.example.com'], 1, /has no ingress\.zone/],
    ];
    for (const [args, code, line] of cases) {
      const ended = await cost(args);
      assert.equal(ended.code, code, args.join(' '));
      assert.match(ended.err, line);
      assert.equal(ended.err.trimEnd().split('\n').length, 1);
    }
    assert.match((await cost(['local'])).out, /no cloud, no bill/);
  });
});
