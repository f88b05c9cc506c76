/**
 * What a process of its own does for the harness: runs the whole program without the engine. A monitor of Pulumi's own
 * takes every registration and writes it down.
 */
import * as pulumi from '@pulumi/pulumi';
import { MockMonitor, type Mocks } from '@pulumi/pulumi/runtime/mocks.js';
import { SECRET_KEYS } from '../../infra/keys.ts';
import { program } from '../../infra/program.ts';
import { computed, invoked } from './cloud.ts';
import { CONFIG, type Declared, type Run, type Scenario } from './harness.ts';

class Recorder extends MockMonitor {
  readonly declared: Declared[] = [];
  outputs: Record<string, unknown> = {};
  secretOutputs: string[] = [];

  // oxlint-disable-next-line typescript/no-explicit-any -- the types of Pulumi's own monitor
  override async registerResource(req: any, callback: (error: any, response: any) => void): Promise<void> {
    await super.registerResource(req, (error, response) => {
      if (!error) this.declared.push(read(req as Request, (response as { getUrn(): string }).getUrn()));
      callback(error, response);
    });
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- the types of Pulumi's own monitor
  override registerResourceOutputs(req: any, callback: (error: any, response: any) => void): void {
    const request = req as { getUrn(): string; getOutputs(): Struct };
    if (request.getUrn().includes('::pulumi:pulumi:Stack::')) {
      const { value, secretPaths } = open(request.getOutputs().toJavaScript());
      this.outputs = value as Record<string, unknown>;
      this.secretOutputs = secretPaths;
    }
    callback(null, {});
  }
}

interface Struct {
  toJavaScript(): Record<string, unknown>;
}
interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getObject(): Struct;
  getProtect(): boolean | undefined;
  getIgnorechangesList(): string[];
  getAdditionalsecretoutputsList(): string[];
  getDependenciesList(): string[];
  getProvider(): string;
}

function read(request: Request, urn: string): Declared {
  const { value, secretPaths } = open(request.getObject().toJavaScript());
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    parent: request.getParent(),
    custom: request.getCustom(),
    inputs: value as Record<string, unknown>,
    secretPaths,
    protect: request.getProtect() ?? false,
    ignoreChanges: request.getIgnorechangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    dependsOn: request.getDependenciesList(),
    provider: request.getProvider(),
  };
}

/** Lays secrets open, and says where they were. */
function open(node: unknown, path = ''): { value: unknown; secretPaths: string[] } {
  if (node === null || typeof node !== 'object') return { value: node, secretPaths: [] };
  const { runtime } = pulumi;
  if ((node as Record<string, unknown>)[runtime.specialSigKey] === runtime.specialSecretSig) {
    const { value } = open((node as { value: unknown }).value, path);
    return { value, secretPaths: [path] };
  }
  const secretPaths: string[] = [];
  const entries = Object.entries(node).map(([key, child]) => {
    const opened = open(child, path ? `${path}.${key}` : key);
    secretPaths.push(...opened.secretPaths);
    return [key, opened.value] as const;
  });
  const value = Array.isArray(node) ? entries.map(([, child]) => child) : Object.fromEntries(entries);
  return { value, secretPaths };
}

/** Runs the program once. Runs must follow each other: Pulumi's runtime is one per process. */
async function run(scenario: Scenario): Promise<Run> {
  const { preview = false, stack = 'prod', config = CONFIG } = scenario;
  const mocks: Mocks = {
    newResource: ({ type, name, inputs }) =>
      preview ? { id: undefined, state: inputs as object } : computed(type, name, inputs as Record<string, unknown>),
    call: ({ token, inputs }) => invoked(token, inputs as Record<string, unknown>),
  };
  await pulumi.runtime.setMocks(mocks, 'evenkeel', stack, preview);
  const recorder = new Recorder(mocks);
  pulumi.runtime.setMockOptions(recorder, 'evenkeel', stack, preview);
  const posture = scenario.posture === undefined ? {} : { 'evenkeel:posture': JSON.stringify(scenario.posture) };
  const secrets = SECRET_KEYS.map((key) => `evenkeel:${key}`);
  pulumi.runtime.setAllConfig({ ...config, ...posture }, secrets);

  // Pulumi keeps a stack trace of every promise, which is most of the time that a run takes.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  let error: Run['error'];
  await pulumi.runtime.runInPulumiStack(async () => {
    try {
      return await program();
    } catch (thrown) {
      // Of an error's own properties, by which Pulumi knows it, none would come through.
      const { name, message, stack } = thrown as Error;
      error = { ...(thrown as Error), name, message, stack };
      return {};
    }
  });
  await pulumi.runtime.disconnect();
  Error.stackTraceLimit = stackTraceLimit;
  const resources = recorder.declared.filter(({ type }) => type !== 'pulumi:pulumi:Stack');
  return { resources, outputs: recorder.outputs, secretOutputs: recorder.secretOutputs, error };
}

/** `folder`: where the program is run. */
process.on('message', ({ folder, scenario }: { folder: string; scenario: Scenario }) => {
  process.chdir(folder);
  // Never rejects: what the program throws is part of the result. A rejection ends the process, and fails the test.
  void run(scenario).then((result) => process.send!(result));
});
