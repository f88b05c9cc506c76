import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { dockerCpus, dockerDuration } from '../../../infra/docker/container.ts';
import { menus } from '../../../posture/commands.ts';
import { heapLimit } from '../../../posture/limits.ts';
import { serverParameters } from '../../../posture/server-parameters.ts';
import { resolve } from '../../../posture/resolve.ts';
import { stackPosture } from '../stacks.ts';
import { collect, container, containers, type Declared } from './collect.ts';

const root = new URL('../../../', import.meta.url);
const written = stackPosture('local');
const posture = resolve(written);
const run = await collect(written);
const MiB = 2 ** 20;

/** `over` laid over `values`, key by key. */
function merge(values: unknown, over: object): Record<string, unknown> {
  const merged = { ...(values as Record<string, unknown>) };
  for (const [key, value] of Object.entries(over))
    merged[key] = typeof value === 'object' ? merge(merged[key], value as object) : value;
  return merged;
}

const env = ({ inputs }: Declared): Record<string, string> =>
  Object.fromEntries(
    (inputs['envs'] as string[]).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

test('as many tasks of each role run as are declared, beside database, world, and two that run once', () => {
  assert.equal(run.error, undefined);
  assert.deepEqual(
    containers(run)
      .map(({ name }) => name.replace('evenkeel-local-', ''))
      .sort(),
    ['database', 'migrate', 'web-1', 'web-2', 'webhook', 'worker-1', 'worker-2', 'world'],
  );
});

test('each task has the limits of the posture, and no swap beside its memory', () => {
  for (const role of ['web', 'worker'] as const) {
    const { inputs } = container(run, `${role}-1`);
    assert.equal(inputs['memory'], posture[role].memory / MiB);
    assert.equal(inputs['memorySwap'], inputs['memory'], 'otherwise every preview shows a change');
    assert.equal(inputs['cpus'], dockerCpus(posture[role].cpu));
    assert.deepEqual(inputs['ulimits'], [{ name: 'nofile', soft: posture[role].nofile, hard: posture[role].nofile }]);
    assert.equal(inputs['stopTimeout'], posture[role].stopTimeout / 1000);
    assert.equal(inputs['destroyGraceSeconds'], posture[role].stopTimeout / 1000, 'destroy drains too');
    assert.equal(inputs['restart'], 'unless-stopped');
    assert.equal(inputs['wait'], true);
    assert.match(JSON.stringify(inputs['healthcheck']), /\/ready/);
  }
});

test('durations are written as Docker says them back, or every preview would show a change', () => {
  const said = {
    0: '0s',
    999: '1s',
    5_000: '5s',
    60_000: '1m0s',
    90_000: '1m30s',
    3_600_000: '1h0m0s',
    3_725_000: '1h2m5s',
  };
  for (const [milliseconds, text] of Object.entries(said)) assert.equal(dockerDuration(Number(milliseconds)), text);
  const { interval, timeout } = container(run, 'web-1').inputs['healthcheck'] as Record<string, string>;
  assert.equal(interval, dockerDuration(posture.ingress.healthCheck.interval));
  assert.equal(timeout, dockerDuration(posture.ingress.healthCheck.timeout + 1000));
});

test('CPUs are written as the Docker provider reads them back, or every preview would replace the container', () => {
  assert.deepEqual([256, 512, 1024, 2048, 16_384].map(dockerCpus), ['0.25', '0.5', '1.0', '2.0', '16.0']);
  assert.equal(container(run, 'database').inputs['cpus'], '2.0');
});

test('every container has a memory limit, a log that ends, and no new privileges; ours write nothing', () => {
  for (const { name, inputs } of containers(run)) {
    assert.ok((inputs['memory'] as number) > 0, name);
    assert.equal(inputs['memorySwap'], inputs['memory'], name);
    assert.deepEqual(inputs['securityOpts'], ['no-new-privileges:true'], name);
    assert.ok((inputs['logOpts'] as Record<string, string>)['max-size'], name);
    for (const port of (inputs['ports'] ?? []) as { ip: string }[]) assert.equal(port.ip, '127.0.0.1', name);
    if (name.endsWith('-database')) continue;
    assert.equal(inputs['readOnly'], true, name);
    assert.equal(inputs['init'], true, `${name}: a signal in its first moments is lost`);
    assert.deepEqual(inputs['capabilities'], { drops: ['ALL'] }, name);
  }
});

test('each role gets the container contract, and no secret that is not its own', () => {
  const web = env(container(run, 'web-1'));
  const worker = env(container(run, 'worker-1'));
  const both = [
    'BOT_TOKEN',
    'DATABASE_URL',
    'NODE_ENV',
    'NODE_OPTIONS',
    'OPERATOR_TOKEN',
    'PORT',
    'POSTURE',
    'PUBLIC_URL',
  ];
  assert.deepEqual(Object.keys(web).sort(), [...both, 'WEBHOOK_SECRET'].sort());
  assert.deepEqual(
    Object.keys(worker).sort(),
    [...both, 'OPENROUTER_API_KEY', 'OPENROUTER_BASE_URL', 'TELEGRAM_API_ROOT'].sort(),
  );
  assert.deepEqual(resolve(JSON.parse(web['POSTURE']!)), posture, 'the very same posture');
  assert.match(web['DATABASE_URL']!, /^postgres:\/\/web:[^@]+@database:5432\/evenkeel$/);
  assert.match(worker['DATABASE_URL']!, /^postgres:\/\/worker:/);
  assert.equal(web['NODE_OPTIONS'], `--max-old-space-size=${heapLimit(posture, 'web') / MiB}`);
  assert.match(web['BOT_TOKEN']!, /^\d+:[A-Za-z0-9_-]{10,}$/);
});

test('keys of those whom people pay by reach the roles that use them, as secrets', async () => {
  const keys = {
    cryptoPayToken: '12345:AAtokenOfTheTests',
    nowPaymentsApiKey: 'KEY-OF-THE-TESTS',
    nowPaymentsIpnSecret: 'ipn-secret-of-the-tests',
    nowPaymentsIpnSecretPrevious: 'ipn-secret-of-before',
  };
  const paid = await collect(written, { keys });
  assert.equal(paid.error, undefined);
  const given = (role: string) =>
    Object.fromEntries(
      Object.entries(env(container(paid, `${role}-1`))).filter(([name]) => /^(CRYPTO|NOWPAYMENTS|PUBLIC)/.test(name)),
    );
  assert.deepEqual(given('web'), {
    CRYPTO_PAY_TOKEN: keys.cryptoPayToken,
    NOWPAYMENTS_IPN_SECRET: keys.nowPaymentsIpnSecret,
    NOWPAYMENTS_IPN_SECRET_PREVIOUS: keys.nowPaymentsIpnSecretPrevious,
    PUBLIC_URL: 'http://web:8080',
  });
  assert.deepEqual(given('worker'), {
    CRYPTO_PAY_TOKEN: keys.cryptoPayToken,
    NOWPAYMENTS_API_KEY: keys.nowPaymentsApiKey,
    PUBLIC_URL: 'http://web:8080',
  });
  for (const { name, plain } of containers(paid))
    for (const key of Object.values(keys)) assert.ok(!plain.includes(key), `${name} has a key in the open`);
});

test('secrets are secrets to Pulumi: no value of one is in a plain input', () => {
  const secrets = [
    env(container(run, 'web-1'))['BOT_TOKEN']!,
    env(container(run, 'migrate'))['WEB_DATABASE_PASSWORD']!,
    env(container(run, 'web-1'))['OPERATOR_TOKEN']!,
  ];
  for (const { name, plain } of containers(run))
    for (const secret of secrets) assert.ok(!plain.includes(secret), `${name} has a secret in the open`);
  for (const { name, inputs } of containers(run))
    for (const secret of secrets)
      assert.ok(!JSON.stringify(inputs['command']).includes(secret), `${name} shows one to whoever lists processes`);
});

test('PostgreSQL is started with the parameters that RDS would have', () => {
  const { inputs } = container(run, 'database');
  const command = inputs['command'] as string[];
  const given = new Map(
    command.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]),
  );
  for (const { name, value } of serverParameters(posture)) assert.equal(given.get(name), value, name);
  assert.equal(given.get('shared_buffers'), '256MB', '25 % of the 1 GiB of db.t4g.micro');
  assert.equal(inputs['memory'], 1024);
});

test('the migration runs once, attached; what it was given decides when it runs again', () => {
  const { inputs } = container(run, 'migrate');
  assert.deepEqual(
    { mustRun: inputs['mustRun'], attach: inputs['attach'], logs: inputs['logs'], restart: inputs['restart'] },
    { mustRun: false, attach: true, logs: true, restart: 'no' },
  );
  assert.match(env(container(run, 'migrate'))['DATABASE_URL']!, /^postgres:\/\/evenkeel:/, "as the server's master");
  assert.ok(env(container(run, 'migrate'))['OWNER_DATABASE_PASSWORD'], 'and as the owner');
  for (const name of ['web-1', 'worker-2'])
    assert.deepEqual(container(run, name).inputs['labels'], [
      { label: 'evenkeel.migration', value: 'evenkeel-local-migrate-id' },
    ]);
});

test('the migration runs again for another heartbeat, patience or retention of the queues', async () => {
  const given = env(container(run, 'migrate'));
  for (const change of [
    { lanes: { heartbeat: '11s' } },
    { jobs: { chat: { patience: '23h' } } },
    { database: { retention: { jobs: '2h' } } },
  ]) {
    const merged = merge(written, change);
    const after = env(container(await collect(merged), 'migrate'));
    assert.notEqual(after['POSTURE'], given['POSTURE'], JSON.stringify(change));
    assert.deepEqual({ ...after, POSTURE: '' }, { ...given, POSTURE: '' });
  }
});

/** In a process of its own: outputs that fail reject wherever they are used, as they do in the engine's program. */
const FAILING = `
import { collect, containers } from './test/infra/docker/collect.ts';
const said = [];
process.on('unhandledRejection', (error) => said.push(error.message));
const logs = 'line\\n'.repeat(30) + 'relation "x" already exists\\n';
const run = await collect({}, { migrateExit: 1, logs });
if (run.error) said.push(run.error.message);
console.log(JSON.stringify({ said, names: containers(run).map(({ name }) => name) }));
process.exit(0);
`;

test('a migration that fails fails `up` with its last words, and no task is started', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', FAILING], {
    cwd: root,
    timeout: 30_000,
  });
  const { said, names } = JSON.parse(stdout) as { said: string[]; names: string[] };
  assert.match(said.join('\n'), /The migration failed with exit code 1.*\n(line\n){19}relation "x" already exists/);
  assert.deepEqual(
    names.filter((name) => /web|worker/.test(name)),
    [],
  );
});

test('a preview, in which nothing computed is known, declares the same', async () => {
  const preview = await collect(written, { preview: true });
  assert.equal(preview.error, undefined);
  assert.deepEqual(
    containers(preview)
      .map(({ name }) => name)
      .sort(),
    containers(run)
      .map(({ name }) => name)
      .sort(),
  );
});

test('images are built from files that exist, and are never pushed', () => {
  const built = run.resources.filter(({ type }) => type === 'docker:index/image:Image');
  assert.equal(built.length, 2);
  for (const { inputs } of built) {
    assert.equal(inputs['skipPush'], true);
    const { dockerfile } = inputs['build'] as { dockerfile: string };
    assert.ok(existsSync(new URL(dockerfile, root)), dockerfile);
  }
  assert.ok(existsSync(new URL('infra/docker/world.Dockerfile.dockerignore', root)));
});

/** The world's process, started by the very command of its container. */
async function startWorld(t: TestContext): Promise<{ telegram: string; token: string }> {
  const command = [...(container(run, 'world').inputs['command'] as string[])];
  const free = (flag: string) => command.splice(command.indexOf(flag) + 1, 1, '0');
  free('--port');
  free('--provider-port');
  command.splice(command.indexOf('--host') + 1, 1, '127.0.0.1');
  const child = spawn(process.execPath, command, {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env(container(run, 'world')) },
  });
  t.after(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  });
  const { value } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
  const said = JSON.parse(value as string) as { apiRoot: string; botToken: string };
  return { telegram: said.apiRoot, token: said.botToken };
}

test('the world starts by its command, and takes webhook and commands by the command that sets them', async (t) => {
  const { telegram, token } = await startWorld(t);
  assert.equal(token, env(container(run, 'worker-1'))['BOT_TOKEN'], 'the token that the tasks have');
  const hook = container(run, 'webhook');
  const { TELEGRAM_BOT, TELEGRAM_CALLS } = env(hook);
  await promisify(execFile)(process.execPath, hook.inputs['command'] as string[], {
    env: {
      PATH: process.env['PATH'],
      TELEGRAM_BOT: TELEGRAM_BOT!.replace(/^http:\/\/world:\d+/, telegram),
      // The name of the web tasks is known inside the network alone.
      TELEGRAM_CALLS: TELEGRAM_CALLS!.replace('http://web:', 'http://127.0.0.1:'),
    },
    timeout: 20_000,
  });
  const answer = await fetch(`${telegram}/bot${token}/getWebhookInfo`);
  const { result } = (await answer.json()) as { result: { url: string; max_connections: number } };
  assert.equal(result.url, 'http://127.0.0.1:8080/telegram/webhook');
  assert.equal(result.max_connections, posture.telegram.maxConnections);
  const [menu] = menus(posture);
  const scope = encodeURIComponent(JSON.stringify({ type: menu!.scope }));
  const shown = await fetch(`${telegram}/bot${token}/getMyCommands?scope=${scope}`);
  assert.deepEqual(((await shown.json()) as { result: unknown }).result, menu!.commands);
});
