/**
 * `npm run ops -s prod`: by a one-off task. ECS, CloudWatch Logs and STS are a stand-in on loopback that runs what the
 * declared task definition says, as a process and against a real PostgreSQL, with the overrides that it is sent.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sign } from '../../infra/aws/caller.ts';
import { spellOut } from '../../posture/resolve.ts';
import { CONFIG, only, run as declare } from '../infra/harness.ts';
import { PROD } from '../infra/stacks.ts';
import { startWorld } from '../harness/world.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const world = await startWorld({ after }, { posture: { features: { chat: false } } });
const { database } = world;

interface Container {
  name: string;
  command: string[];
  secrets: { name: string; valueFrom: string }[];
  dockerLabels: Record<string, string>;
  logConfiguration: { options: Record<string, string> };
}

const declared = await declare({ posture: PROD, config: CONFIG });
const { inputs } = only(declared, 'aws:ecs/taskDefinition:TaskDefinition', '-ops');
const [container] = JSON.parse(String(inputs['containerDefinitions'])) as Container[];

const ARN = 'arn:aws:sts::123456789012:assumed-role/oncall/ada@example.com';
const TASK = 'arn:aws:ecs:eu-central-1:123456789012:task/evenkeel-prod/0123456789abcdef';

interface RunTask {
  cluster: string;
  taskDefinition: string;
  startedBy: string;
  networkConfiguration: {
    awsvpcConfiguration: { subnets: string[]; securityGroups: string[]; assignPublicIp: string };
  };
  overrides: {
    containerOverrides: { name: string; command: string[]; environment: { name: string; value: string }[] }[];
  };
}

interface Cloud {
  /** What it was asked, in order. */
  calls: { action: string; body: Record<string, unknown> }[];
  /** Refusals by action: name of the error, and what it says. */
  refuses: Record<string, [string, string]>;
  /** Looks at the log before its lines are there, and lines that are left out. */
  late: number;
  loses: RegExp | undefined;
  log: string[];
  exitCode: number | undefined;
}

const cloud: Cloud = { calls: [], refuses: {}, late: 0, loses: undefined, log: [], exitCode: undefined };
beforeEach(() =>
  Object.assign(cloud, { calls: [], refuses: {}, late: 0, loses: undefined, log: [], exitCode: undefined }),
);

/** Runs the container, and keeps what it writes as its log. */
async function execute({ overrides }: RunTask): Promise<void> {
  const [override] = overrides.containerOverrides;
  const child = spawn(process.execPath, [join(ROOT, 'app/main.ts'), ...override!.command], {
    env: {
      ...Object.fromEntries(override!.environment.map(({ name, value }) => [name, value])),
      DATABASE_URL: database.url('operator'),
      POSTURE: JSON.stringify(spellOut(world.posture)),
      POSTURE_PROVEN: 'true',
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void (output += chunk.toString()));
  cloud.exitCode = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  cloud.log = output.trim().split('\n');
}

async function answer(action: string, body: Record<string, unknown>): Promise<object> {
  switch (action) {
    case 'DescribeTaskDefinition':
      return {
        taskDefinition: {
          taskDefinitionArn: `arn:…:task-definition/${String(body['taskDefinition'])}:3`,
          containerDefinitions: [container],
        },
      };
    case 'RunTask':
      await execute(body as unknown as RunTask);
      return { tasks: [{ taskArn: TASK }], failures: [] };
    case 'DescribeTasks':
      return {
        tasks: [
          {
            taskArn: TASK,
            lastStatus: 'STOPPED',
            stoppedReason: 'Essential container in task exited',
            containers: [{ name: 'ops', exitCode: cloud.exitCode }],
          },
        ],
      };
    case 'GetLogEvents': {
      assert.equal(body['logStreamName'], 'task/ops/0123456789abcdef');
      // The log is read to its end: a page at a time, until the token stays.
      const lines = cloud.log.filter((line) => !cloud.loses?.test(line));
      const at = Number(body['nextToken'] ?? 0);
      if (at === 0 && (cloud.late -= 1) >= 0) return { events: [], nextForwardToken: '0' };
      const page = lines.slice(at, at + 2);
      return { events: page.map((message) => ({ message, timestamp: 1 })), nextForwardToken: String(at + page.length) };
    }
    default:
      throw new Error(`no ${action} here`);
  }
}

const server = createServer((request, response) => {
  void (async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const form = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
    const action = form
      ? new URLSearchParams(text).get('Action')!
      : String(request.headers['x-amz-target']).split('.').at(-1)!;
    const body = form ? {} : (JSON.parse(text) as Record<string, unknown>);
    cloud.calls.push({ action, body });
    const refusal = cloud.refuses[action];
    if (form) {
      assert.match(
        request.headers.authorization ?? '',
        /^AWS4-HMAC-SHA256 Credential=nobody\/\d{8}\/eu-central-1\/sts\/aws4_request, /,
      );
      response.writeHead(refusal ? 403 : 200, { 'content-type': 'text/xml' });
      response.end(
        refusal
          ? `<ErrorResponse><Error><Code>${refusal[0]}</Code><Message>${refusal[1]}</Message></Error></ErrorResponse>`
          : `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${ARN}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`,
      );
      return;
    }
    response.writeHead(refusal ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(refusal ? { __type: refusal[0], message: refusal[1] } : await answer(action, body)));
  })();
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => {
  server.closeAllConnections();
  server.close();
});

const folder = await mkdtemp(join(tmpdir(), 'ops-aws-'));
after(() => rm(folder, { recursive: true }));
await writeFile(join(folder, 'Pulumi.yaml'), 'name: evenkeel\n');
await writeFile(join(folder, 'Pulumi.prod.yaml'), 'config:\n  evenkeel:target: aws\n  aws:region: eu-central-1\n');
await writeFile(join(folder, 'Pulumi.nowhere.yaml'), 'config:\n  evenkeel:target: aws\n');

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

function run(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(ROOT, 'scripts/ops.ts'), ...args],
    {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        AWS_ACCESS_KEY_ID: 'nobody',
        AWS_SECRET_ACCESS_KEY: 'nothing',
        AWS_EC2_METADATA_DISABLED: 'true',
        ...env,
      },
    },
  );
  const ended: Ended = { code: null, out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => void (ended.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (ended.err += chunk.toString()));
  child.stdin.end();
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ended, code })));
}

const park = (id: number) =>
  database.sql(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, settled_at, last_error, body)
     VALUES (1, $1, 'chat', '1:5', 'parked', now(), 'Forbidden', 'what a person wrote')`,
    [id],
  );

describe('npm run ops against a stack in AWS', () => {
  test('is one task of the declared definition, in its network, and the log brings the answer', async () => {
    await park(7);
    cloud.late = 2;
    const { code, out, err } = await run(['dead', 'list', '-s', 'prod', '--json']);
    assert.equal(code, 0, err);
    const { tables } = JSON.parse(out) as { tables: Record<string, Record<string, unknown>[]> };
    assert.equal(tables['parked updates, the latest first']![0]!['update'], 7);
    assert.match(
      err,
      /^Starting a task of prod in eu-central-1 as arn:aws:sts::123456789012:assumed-role\/oncall\/ada@example\.com/,
    );
    assert.doesNotMatch(out + err + cloud.log.join('\n'), /what a person wrote|postgresql?:\/\//);
    const started = cloud.calls.find(({ action }) => action === 'RunTask')!.body as unknown as RunTask;
    assert.equal(started.cluster, 'evenkeel-prod');
    assert.match(started.taskDefinition, /evenkeel-prod-ops:3$/);
    assert.equal(started.startedBy, 'ops/ada-example-com');
    const { subnets, securityGroups, assignPublicIp } = started.networkConfiguration.awsvpcConfiguration;
    assert.equal(subnets.length, 2);
    assert.match(securityGroups.join(), /evenkeel-prod-ops/);
    assert.equal(assignPublicIp, 'ENABLED');
    assert.deepEqual(started.overrides.containerOverrides, [
      { name: 'ops', command: ['ops', 'dead', 'list'], environment: [{ name: 'OPS_CALLER', value: ARN }] },
    ]);
  });

  test('writes the name by which AWS knows whoever asked', async () => {
    await park(8);
    const { code, out, err } = await run([
      '-s',
      'prod',
      'dead',
      'dismiss',
      '8',
      '--reason',
      'the chat is gone',
      '--yes',
    ]);
    assert.deepEqual([code, out], [0, '1 update given up for good.\n'], err);
    assert.deepEqual(await database.sql('SELECT who, verb, reason FROM evenkeel.audit'), [
      { who: ARN, verb: 'dead dismiss', reason: 'the chat is gone' },
    ]);
    const again = await run(['-s', 'prod', 'dead', 'dismiss', '8', '--reason', 'the chat is gone', '--yes']);
    assert.deepEqual([again.code, again.out], [1, 'Nothing there that could be given up for good.\n']);
  });

  test('is given no secret but the login of the operator, by reference', () => {
    assert.deepEqual(
      container!.secrets.map(({ name }) => name),
      ['DATABASE_URL'],
    );
    assert.match(container!.secrets[0]!.valueFrom, /evenkeel-prod-ops/);
  });

  test('never takes a part of an answer for the whole', async () => {
    await park(9);
    cloud.loses = /"ops":"row"/;
    const { code, err } = await run(['-s', 'prod', 'dead', 'list'], { OPS_LOGS_WITHIN: '100' });
    assert.equal(code, 1);
    assert.match(
      err.trim().split('\n').at(-1)!,
      /^the task gave no answer \(exit code 0; Essential container in task exited\): \/evenkeel\/evenkeel-prod-ops arn:/,
    );
  });

  test('starts nothing for a mistake, and says on one line what AWS does not want', async () => {
    const mistake = await run(['-s', 'prod', 'dead', 'show', 'abc']);
    assert.deepEqual([mistake.code, cloud.calls.length], [2, 0]);
    const cases: [Cloud['refuses'], RegExp, string[]?][] = [
      [
        { GetCallerIdentity: ['ExpiredToken', 'The security token included in the request is expired'] },
        /^AWS does not know you \(.*expired\): sign in, or set AWS_PROFILE$/,
      ],
      [
        { DescribeTaskDefinition: ['ClientException', 'Unable to describe task definition.'] },
        /^there is no task evenkeel-prod-ops in eu-central-1: is prod deployed there, .*pulumi up -s prod$/,
      ],
      [
        { RunTask: ['AccessDeniedException', 'User: ada is not authorized to perform: ecs:RunTask'] },
        /^AWS does not let you: User: ada is not authorized/,
      ],
      [{ RunTask: ['ClusterNotFoundException', 'Cluster not found.'] }, /^stack prod: AWS says: Cluster not found\.$/],
      [
        { GetLogEvents: ['AccessDeniedException', 'no logs:GetLogEvents for ada'] },
        /^AWS does not let you: no logs:GetLogEvents/,
      ],
      [
        {},
        /^Pulumi\.nowhere\.yaml has no aws:region: pulumi config set -s nowhere aws:region <region>$/,
        ['-s', 'nowhere', 'status'],
      ],
    ];
    for (const [refuses, line, args = ['-s', 'prod', 'status']] of cases) {
      cloud.refuses = refuses;
      const { code, out, err } = await run(args);
      assert.deepEqual([code, out], [1, '']);
      const lines = err
        .trim()
        .split('\n')
        .filter((text) => !text.startsWith('Starting a task'));
      assert.equal(lines.length, 1, err);
      assert.match(lines[0]!, line);
    }
  });
});

test('requests are signed as AWS wants them', () => {
  const headers = {
    host: 'sts.eu-central-1.amazonaws.com',
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
  };
  const { authorization } = sign(
    headers,
    'Action=GetCallerIdentity&Version=2011-06-15',
    { service: 'sts', region: 'eu-central-1', at: new Date('2026-01-02T03:04:05Z') },
    { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', sessionToken: 'tok' },
  );
  // By AWS's own library, @smithy/signature-v4.
  assert.match(authorization!, /Signature=8fc357548fd2c3bd3bf9c71115f29ef7d6c8bee0a76c8ecf6e65412327a6d809$/);
});
