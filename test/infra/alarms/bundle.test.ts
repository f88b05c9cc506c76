import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { asset } from '@pulumi/pulumi';
import { bundle, functionCode } from '../../../infra/aws/alarms/bundle.ts';

const SENTINEL = 'sentinel/lambda.ts';
const RELAY = 'infra/aws/alarms/relay/lambda.ts';

test('the same sources give the same bytes, and nothing of this machine is in them', () => {
  for (const entry of [SENTINEL, RELAY]) {
    const text = bundle(entry);
    assert.equal(text, bundle(entry));
    assert.ok(!text.includes(process.cwd()), 'a path of this machine would be a change on the next');
    assert.ok(text.length < 3 * 2 ** 20, 'small enough to start fast');
  }
});

const SDK = {
  'client-secrets-manager':
    'exports.SecretsManager = class { async getSecretValue({ SecretId }) { return { SecretString: JSON.stringify({ BOT_TOKEN: `bot-of-${SecretId}`, OPERATOR_TOKEN: `op-of-${SecretId}`, ONCALL_TOKEN: `oncall-of-${SecretId}` }) }; } };',
  // Of another service of the cluster, a number that is left out, and one that is missing altogether.
  'client-ecs':
    "exports.ECS = class { async describeServices({ cluster, services }) { if (cluster !== 'c' || services.join() !== 'web,worker') throw new Error('asked for others'); return { services: [{ serviceName: 'web', desiredCount: 3, runningCount: 2 }, { serviceName: 'other', desiredCount: 9 }] }; } };",
};

/** A folder as Lambda unpacks it, and beside it the SDK where the runtime has it: on NODE_PATH alone. */
async function unpack(t: TestContext, archive: asset.AssetArchive): Promise<{ code: string; runtime: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-lambda-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const code = join(folder, 'task');
  const runtime = join(folder, 'runtime');
  mkdirSync(code);
  for (const [client, text] of Object.entries(SDK)) {
    const sdk = join(runtime, '@aws-sdk', client);
    mkdirSync(sdk, { recursive: true });
    writeFileSync(join(sdk, 'index.js'), text);
  }
  const assets = (await archive.assets) as Record<string, asset.StringAsset>;
  for (const [file, content] of Object.entries(assets)) writeFileSync(join(code, file), await content.text);
  return { code, runtime };
}

const run = (folders: { code: string; runtime: string }, env: Record<string, string>, event: unknown) =>
  promisify(execFile)(
    process.execPath,
    ['-e', `import('./index.mjs').then(({ handler }) => handler(${JSON.stringify(event)}))`],
    { cwd: folders.code, env: { PATH: process.env['PATH'], NODE_PATH: folders.runtime, ...env }, timeout: 20_000 },
  );

async function server(t: TestContext) {
  const requests: { url: string | undefined; authorization: string | undefined }[] = [];
  const http = createServer((request, response) => {
    requests.push({ url: request.url, authorization: request.headers.authorization });
    request
      .resume()
      .on('end', () =>
        response.end('{"ok":true,"status":"healthy","reasons":[],"result":{"url":"","pending_update_count":3}}'),
      );
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    http.closeAllConnections();
    http.close();
  });
  return { requests, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

test('the sentinel as deployed, alone in a folder, looks and writes metrics', async (t) => {
  const world = await server(t);
  const folders = await unpack(t, functionCode(SENTINEL, { 'posture.json': '{"sentinel":{"timeout":"5s"}}' }));
  const { stdout } = await run(
    folders,
    {
      STACK: 's',
      CLUSTER: 'c',
      PUBLIC_URL: world.url,
      TELEGRAM_API_ROOT: world.url,
      SECRET_ARN: 'arn',
    },
    {},
  );
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const metrics = lines.find((line) => 'Look' in line);
  assert.equal(metrics?.['WebhookPending'], 3);
  assert.equal(metrics?.['BotHealth'], 0);
  const missing = lines.filter((line) => 'TasksMissing' in line);
  assert.deepEqual(
    missing.map((line) => [line['Role'], line['TasksMissing']]),
    [['web', 1]],
  );
  assert.deepEqual(world.requests.map(({ url }) => url).sort(), ['/botbot-of-arn/getWebhookInfo', '/health']);
  assert.ok(world.requests.some(({ authorization }) => authorization === 'Bearer op-of-arn'));
});

test('the relay as deployed, alone in a folder, passes a notification on', async (t) => {
  const world = await server(t);
  const folders = await unpack(t, functionCode(RELAY));
  await run(
    folders,
    { SECRET_ARN: 'arn', ONCALL_CHAT: '-1', TELEGRAM_API_ROOT: world.url },
    { Records: [{ Sns: { Message: 'hello' } }] },
  );
  assert.deepEqual(
    world.requests.map(({ url }) => url),
    ['/botoncall-of-arn/sendMessage'],
  );
});
