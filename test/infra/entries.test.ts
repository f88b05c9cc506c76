/** Every file that a tool loads, loaded as that tool loads it: what only our own imports have tried, the tool may refuse. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { configProblems } from '../../infra/config.ts';

const ROOT = join(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);

const PULUMI = join(require.resolve('@pulumi/pulumi/package.json'), '..');

interface AnalyzerInfo {
  getName(): string;
  getPoliciesList(): { getName(): string }[];
}

/** Asks the pack for its name and policies, over the protocol that the engine speaks. */
async function analyzerInfo(port: string): Promise<AnalyzerInfo> {
  const ofPulumi = createRequire(join(PULUMI, 'index.js'));
  const { AnalyzerClient } = ofPulumi('@pulumi/pulumi/proto/analyzer_grpc_pb.js') as {
    AnalyzerClient: new (address: string, credentials: unknown) => Analyzer;
  };
  const { Empty } = ofPulumi('google-protobuf/google/protobuf/empty_pb.js') as { Empty: new () => unknown };
  const { credentials } = ofPulumi('@grpc/grpc-js') as { credentials: { createInsecure(): unknown } };
  const client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      client.getAnalyzerInfo(new Empty(), (error, info) => (error ? reject(error) : resolve(info)));
    });
  } finally {
    client.close();
  }
}

interface Analyzer {
  getAnalyzerInfo(request: unknown, callback: (error: Error | null, info: AnalyzerInfo) => void): void;
  close(): void;
}

test("the policy pack starts in the SDK's own runner", async (t) => {
  const runner = join(PULUMI, 'cmd/run-policy-pack');
  const child = spawn(process.execPath, [runner, '127.0.0.1:1', join(ROOT, 'infra/policy')], {
    cwd: join(ROOT, 'infra/policy'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<never>((_resolve, reject) =>
    child.once('close', (code) => reject(new Error(`it ended with ${code}: ${said}`))),
  );
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { value: port } = await Promise.race([lines.next(), ended]);
  ended.catch(() => undefined);
  const info = await analyzerInfo(String(port));
  assert.equal(info.getName(), 'evenkeel');
  const { policies } = await import('../../infra/policy/policies.ts');
  assert.deepEqual(
    info.getPoliciesList().map((policy) => policy.getName()),
    policies.map(({ name }) => name),
  );
});

interface Project {
  main: string;
}

/** Loads a file with a Node that says that it is another, and calls its default export. */
function callWith(version: string, file: string): Promise<{ code: number | null; out: string }> {
  const pretend = `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '${version}' })`;
  const script = `
    const { default: start } = await import(${JSON.stringify(file)});
    try { await start(); } catch (error) {
      console.log(JSON.stringify({ message: error.message, stack: error.stack ?? null, runError: '__pulumiRunError' in error }));
    }`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', pretend, '--input-type=module', '-e', script], {
      cwd: join(ROOT, 'infra'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.once('close', (code) => resolve({ code, out }));
  });
}

test('the entry point of the program is JavaScript that says which Node it takes, in one line', async () => {
  const { main } = parse(readFileSync(join(ROOT, 'Pulumi.yaml'), 'utf8')) as Project;
  assert.match(main, /\.js$/, 'an older Node can read no other');
  const { code, out } = await callWith('20.20.0', join(ROOT, main));
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), {
    message:
      'Node 20.20.0 cannot run this program: it takes Node 24 or newer. The packages bring one: npm exec -- pulumi preview',
    stack: null,
    runError: true,
  });
});

test('nothing but the refusal itself makes the error that ends a program: one with a stack takes ten seconds to print', () => {
  const makers = globSync('infra/**/*.{ts,js}', { cwd: ROOT }).filter((file) =>
    /new (pulumi\.)?RunError\(/.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  assert.deepEqual(makers.sort(), ['infra/bootstrap/start.js', 'infra/refuse.ts', 'infra/start.js']);
});

interface Template {
  template: { config: Record<string, { description: string; secret?: boolean; default?: string }> };
}

test('the questions of `pulumi new` are those that the program asks, and a secret is asked for as one', () => {
  const { template } = parse(readFileSync(join(ROOT, 'Pulumi.yaml'), 'utf8')) as Template;
  const answers = Object.fromEntries(Object.keys(template.config).map((key) => [key, '']));
  assert.deepEqual(
    configProblems(answers).filter((line) => /unknown key|not honoured/.test(line)),
    [],
  );
  for (const [key, { secret, description }] of Object.entries(template.config)) {
    assert.equal(secret ?? false, /Token|Key|Secret/.test(key), key);
    assert.ok(description);
  }
});
