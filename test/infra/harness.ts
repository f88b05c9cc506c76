/**
 * Runs the whole program without the engine. A monitor of Pulumi's own takes every registration and writes it down;
 * when the program has ended and all has been registered, the tests read. Nothing is asserted inside an `apply`.
 */
import * as pulumi from '@pulumi/pulumi';
import { MockMonitor, type Mocks } from '@pulumi/pulumi/runtime/mocks.js';
import { stringify } from 'yaml';
import { program } from '../../infra/program.ts';
import { computed, invoked } from './cloud.ts';

/** Stands for what is not known before `up`. */
export const UNKNOWN = pulumi.runtime.unknownValue;

export interface Declared {
  urn: string;
  type: string;
  name: string;
  parent: string;
  /** False for components. */
  custom: boolean;
  /** As the engine would get them: secrets laid open, what is unknown as {@link UNKNOWN}. */
  inputs: Record<string, unknown>;
  /** Inputs that are secret, by their path: `secretString`, `conditions.2.httpHeader`. */
  secretPaths: string[];
  protect: boolean;
  ignoreChanges: string[];
  additionalSecretOutputs: string[];
  dependsOn: string[];
  provider: string;
}

export interface Run {
  resources: Declared[];
  outputs: Record<string, unknown>;
  /** Names of the outputs that are secret. */
  secretOutputs: string[];
  /** What the program threw, if it did. */
  error: Error | undefined;
}

export interface Scenario {
  posture?: unknown;
  /** Values beside the posture: full keys (`evenkeel:botToken`). */
  config?: Record<string, string>;
  stack?: string;
  /** As in `pulumi preview` of a new stack: nothing that a provider computes is known. */
  preview?: boolean;
}

/** A complete configuration of a stack, for tests to change. */
export const CONFIG: Readonly<Record<string, string>> = {
  'aws:region': 'eu-central-1',
  'evenkeel:botToken': '123456789:AAtest-token-of-nobody-0123456789',
  'evenkeel:openrouterApiKey': 'sk-or-key-of-nobody',
  'evenkeel:oncallBotToken': '987654321:AAoncall-token-of-nobody-01234567',
  'evenkeel:imageDigest': `sha256:${'a'.repeat(64)}`,
};
const SECRET_KEYS = [
  'botToken',
  'webhookSecret',
  'webhookSecretPrevious',
  'operatorToken',
  'openrouterApiKey',
  'oncallBotToken',
].map((key) => `evenkeel:${key}`);

class Recorder extends MockMonitor {
  readonly declared: Declared[] = [];
  outputs: Record<string, unknown> = {};
  secretOutputs: string[] = [];

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the types of Pulumi's own monitor
  override async registerResource(req: any, callback: (error: any, response: any) => void): Promise<void> {
    await super.registerResource(req, (error, response) => {
      if (!error) this.declared.push(read(req as Request, (response as { getUrn(): string }).getUrn()));
      callback(error, response);
    });
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the types of Pulumi's own monitor
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
export async function run(scenario: Scenario = {}): Promise<Run> {
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
  pulumi.runtime.setAllConfig({ ...config, ...posture }, SECRET_KEYS);

  // Pulumi keeps a stack trace of every promise, which is most of the time that a run takes.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  let error: Error | undefined;
  await pulumi.runtime.runInPulumiStack(async () => {
    try {
      return await program();
    } catch (thrown) {
      error = thrown as Error;
      return {};
    }
  });
  await pulumi.runtime.disconnect();
  Error.stackTraceLimit = stackTraceLimit;
  const resources = recorder.declared.filter(({ type }) => type !== 'pulumi:pulumi:Stack');
  return { resources, outputs: recorder.outputs, secretOutputs: recorder.secretOutputs, error };
}

/** The resources of a type. */
export const ofType = (result: Run, type: string): Declared[] =>
  result.resources.filter((resource) => resource.type === type);

/** The one resource of a type, or of a type and the end of its name. */
export function only(result: Run, type: string, nameEnd = ''): Declared {
  const found = ofType(result, type).filter(({ name }) => name.endsWith(nameEnd));
  if (found.length !== 1) throw new Error(`${type} ${nameEnd}: wanted one, found ${found.length}`);
  return found[0]!;
}

/** A run as text by URN, to compare two: what a person would see in a diff. */
export const rendered = (result: Run): Map<string, string> =>
  new Map(result.resources.map(({ urn, inputs, protect }) => [urn, stringify({ inputs, protect })]));

/** URNs of resources that are in only one of two runs, or differ. */
export function changed(before: Run, after: Run): string[] {
  const [old, now] = [rendered(before), rendered(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((urn) => old.get(urn) !== now.get(urn)).sort();
}
