/**
 * `npm run restore-drill`: RDS is moto, which makes servers of snapshots and deletes them; ECS, CloudWatch Logs and STS are
 * a stand-in on loopback that runs the tasks as processes, against a real PostgreSQL as the copy. The live server's own
 * name leads nowhere: what is asked, is asked of the copy.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { spellOut } from '../../posture/resolve.ts';
import { drill } from '../../scripts/restore-drill/drill.ts';
import { startWorld } from '../harness/world.ts';
import { prepareMoto, startMoto, type Moto } from '../infra/moto.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const missing = await prepareMoto();
const world =
  missing === undefined ? await startWorld({ after }, { posture: { features: { chat: false } } }) : undefined;

interface RunTask {
  taskDefinition: string;
  overrides: {
    containerOverrides: { name: string; command: string[]; environment: { name: string; value: string }[] }[];
  };
}

/** What ran, by the name of its container; the last one's log and exit code are what is asked for next. */
const ran: { container: string; command: string[]; host: string | undefined; code: number; log: string[] }[] = [];
let broken = false;

/** The live server, which is not there any more. */
const elsewhere = (address: string): string => {
  const url = new URL(address);
  url.hostname = 'live.invalid';
  return url.href;
};

async function execute({ overrides }: RunTask): Promise<void> {
  const [override] = overrides.containerOverrides;
  const { name, command, environment } = override!;
  const given = Object.fromEntries(environment.map((one) => [one.name, one.value]));
  const role = name === 'migrate' ? 'migrate' : 'operator';
  const { database, posture } = world!;
  const child = spawn(process.execPath, [join(ROOT, 'app/main.ts'), ...command], {
    env: {
      ...given,
      DATABASE_URL: elsewhere(database.url(role === 'migrate' ? 'superuser' : 'operator')),
      // The stand-in's name of the copy has no address: this machine has it.
      ...(given['DATABASE_HOST'] && { DATABASE_HOST: broken ? 'copy.invalid' : '127.0.0.1' }),
      POSTURE: JSON.stringify(spellOut(posture)),
      POSTURE_PROVEN: 'true',
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void (output += chunk.toString()));
  const code = await new Promise<number>((resolve) => child.on('close', (end) => resolve(end ?? 1)));
  ran.push({ container: name, command, host: given['DATABASE_HOST'], code, log: output.trim().split('\n') });
}

const TASK = 'arn:aws:ecs:eu-central-1:123456789012:task/evenkeel-prod/0123456789abcdef';
const LABELS = { 'evenkeel.subnets': 'subnet-1', 'evenkeel.security-group': 'sg-1', 'evenkeel.public-ip': 'true' };

async function answer(action: string, body: Record<string, unknown>): Promise<object> {
  const last = ran.at(-1);
  switch (action) {
    case 'DescribeTaskDefinition':
      return {
        taskDefinition: {
          taskDefinitionArn: `arn:…:task-definition/${String(body['taskDefinition'])}:3`,
          containerDefinitions: [
            {
              name: 'ops',
              dockerLabels: labels,
              logConfiguration: { options: { 'awslogs-group': '/evenkeel/evenkeel-prod-ops' } },
            },
          ],
        },
      };
    case 'RunTask':
      await execute(body as unknown as RunTask);
      return { tasks: [{ taskArn: TASK }], failures: [] };
    case 'DescribeTasks':
      return {
        tasks: [
          { taskArn: TASK, lastStatus: 'STOPPED', containers: [{ name: last!.container, exitCode: last!.code }] },
        ],
      };
    case 'GetLogEvents':
      // The log is read to its end: until the token stays, with which nothing comes.
      return {
        events: body['nextToken'] === undefined ? last!.log.map((message) => ({ message, timestamp: 1 })) : [],
        nextForwardToken: 'end',
      };
    default:
      throw new Error(`no ${action} here`);
  }
}

let labels: Record<string, string> = LABELS;

const server = createServer((request, response) => {
  void (async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(
        '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/oncall/ada</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>',
      );
      return;
    }
    const action = String(request.headers['x-amz-target']).split('.').at(-1)!;
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(await answer(action, JSON.parse(text) as Record<string, unknown>)));
  })();
});

let folder = '';
let moto: Moto;

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

function run(args: string[]): Promise<Ended> {
  const flags = ['--disable-warning=ExperimentalWarning', join(ROOT, 'scripts/restore-drill.ts')];
  const child = spawn(process.execPath, [...flags, ...args], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_ENDPOINT_URL_RDS: moto.endpoint,
      AWS_ACCESS_KEY_ID: 'nobody',
      AWS_SECRET_ACCESS_KEY: 'nothing',
      AWS_EC2_METADATA_DISABLED: 'true',
      DRILL_POLL: '50',
    },
  });
  const ended: Ended = { code: null, out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => void (ended.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (ended.err += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ended, code })));
}

const servers = async (): Promise<string[]> => {
  const { DBInstances } = (await moto.call('rds', 'describe_db_instances', {})) as {
    DBInstances: { DBInstanceIdentifier: string }[];
  };
  return DBInstances.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier).sort();
};

describe('a drill', { skip: missing ?? false }, () => {
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    folder = await mkdtemp(join(tmpdir(), 'restore-drill-'));
    await writeFile(join(folder, 'Pulumi.yaml'), 'name: evenkeel\n');
    for (const stack of ['prod', 'fresh'])
      await writeFile(
        join(folder, `Pulumi.${stack}.yaml`),
        'config:\n  evenkeel:target: aws\n  aws:region: eu-central-1\n',
      );
    moto = await startMoto();
    await moto.call('rds', 'create_db_instance', {
      DBInstanceIdentifier: 'evenkeel-prod',
      Engine: 'postgres',
      DBInstanceClass: 'db.t4g.small',
      AllocatedStorage: 20,
      MasterUsername: 'evenkeel',
      MasterUserPassword: 'of-nobody-at-all',
    });
    await moto.call('rds', 'create_db_snapshot', {
      DBInstanceIdentifier: 'evenkeel-prod',
      DBSnapshotIdentifier: 'nightly',
    });
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await moto.stop();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    ran.length = 0;
    broken = false;
    labels = LABELS;
  });

  test('restores, migrates, checks and counts, deletes the copy, and says what it cost', async () => {
    const ended = await run(['prod']);
    assert.equal(ended.code, 0, ended.out + ended.err);
    assert.deepEqual(
      ran.map(({ container, command }) => [container, command.slice(0, 3).join(' ').slice(0, 18)]),
      [
        ['migrate', 'migrate'],
        ['ops', 'ops held'],
        ['ops', 'ops ledger check'],
        ['ops', 'ops sql SELECT (SE'],
      ],
    );
    for (const { host } of ran) assert.match(host!, /^evenkeel-prod-drill-[0-9a-f]{8}\./);
    assert.match(ended.out, /Snapshot nightly, \d+ minutes old/);
    assert.match(ended.out, /✔ starts held, \d+ s: another server: db-[A-Z0-9]+, accepted was none/);
    assert.match(ended.out, /✔ ledger agrees with itself/);
    assert.match(ended.out, /✔ counted.*updates 0.*entries 0/);
    assert.match(ended.out, /The backup is one: nightly, .* The drill cost about 0\.01 USD\./);
    assert.deepEqual(await servers(), ['evenkeel-prod'], 'the live server stays, the copy is gone');
  });

  test('that fails says at which step, deletes the copy all the same, and ends with 1', async () => {
    broken = true;
    const ended = await run(['prod', '--json']);
    assert.equal(ended.code, 1);
    const report = JSON.parse(ended.out) as { ok: boolean; steps: { step: string; ok: boolean; found: string }[] };
    assert.equal(report.ok, false);
    const last = report.steps.at(-1)!;
    assert.deepEqual([last.step, last.ok], ['migrated', false]);
    assert.match(last.found, /the migration of the copy failed/);
    assert.deepEqual(await servers(), ['evenkeel-prod']);
  });

  test('deletes what a drill that was killed has left', async () => {
    await moto.call('rds', 'restore_db_instance_from_db_snapshot', {
      DBInstanceIdentifier: 'evenkeel-prod-drill-0badcafe',
      DBSnapshotIdentifier: 'nightly',
    });
    const ended = await run(['prod']);
    assert.match(ended.out, /evenkeel-prod-drill-0badcafe is left of a drill that was killed/);
    assert.deepEqual(await servers(), ['evenkeel-prod']);
  });

  test('of a stack without a snapshot is one line', async () => {
    const ended = await run(['fresh']);
    assert.deepEqual([ended.code, ended.out], [1, '']);
    assert.equal(
      ended.err,
      'there is no snapshot of evenkeel-fresh in eu-central-1: the first is made in the backup window\n',
    );
  });

  test('wants one stack', async () => {
    const ended = await run([]);
    assert.equal(ended.code, 2);
    assert.match(
      ended.err,
      /^which stack\? npm run restore-drill -- <stack>, one at a time; the stacks here are fresh, prod\n$/,
    );
  });
});

test('a drill that is stopped while the copy is made deletes it', async () => {
  const removed: string[] = [];
  const stop = new AbortController();
  const asked: unknown[] = [];
  const report = drill({
    drills: {
      leftovers: async () => [],
      latest: async () => ({ name: 'nightly', taken: new Date(0) }),
      restore: async () => 'copy-1',
      ready: async (_name, signal) => {
        stop.abort(new Error('stopped'));
        signal.throwIfAborted();
        throw new Error('never');
      },
      remove: async (name) => void removed.push(name),
      [Symbol.dispose]: () => undefined,
    },
    migrate: async (host) => void asked.push(host),
    ask: async () => ({ tables: [], said: [] }),
    say: () => undefined,
    signal: stop.signal,
  });
  const { ok, steps } = await report;
  assert.equal(ok, false);
  assert.deepEqual(
    steps.map(({ step, found }) => [step, found]),
    [['restored', 'stopped']],
  );
  assert.deepEqual(removed, ['copy-1']);
  assert.deepEqual(asked, []);
});
