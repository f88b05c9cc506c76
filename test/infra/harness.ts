/**
 * Runs the whole program without the engine, and reads what it declared when it has ended and all has been registered.
 * Nothing is asserted inside an `apply`.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { unknownValue } from '@pulumi/pulumi/runtime/rpc.js';

/** Stands for what is not known before `up`. */
export const UNKNOWN = unknownValue;

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
  /** What the program threw, if it did, with its own properties. */
  error: { name: string; message: string; stack: string | undefined } | undefined;
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
interface Child {
  process: ChildProcess;
  /** Rejects when it ends. */
  ended: Promise<never>;
}

/** One for all runs of a test file: loading the providers takes longer than a run. */
let child: Child | undefined;
let before: Promise<unknown> = Promise.resolve();

function start(): Child {
  const started = fork(new URL('program-process.ts', import.meta.url), { serialization: 'advanced' });
  const ended = once(started, 'exit').then(([code, signal]): never => {
    throw new Error(`the process that runs the program ended by ${String(signal ?? code)}`);
  });
  ended.catch(() => undefined);
  return { process: started, ended };
}

/**
 * Runs the program once, in another process: node:test follows every promise of its own, and Pulumi makes so many that
 * this would be most of the time. Runs follow each other, as Pulumi's runtime is one per process.
 */
export function run(scenario: Scenario = {}): Promise<Run> {
  const result = before.then(() => runInChild(scenario));
  before = result.catch(() => undefined);
  return result;
}

async function runInChild(scenario: Scenario): Promise<Run> {
  child ??= start();
  const { process: running, ended } = child;
  running.ref();
  running.channel!.ref();
  running.send({ folder: process.cwd(), scenario });
  const [result] = (await Promise.race([once(running, 'message'), ended])) as [Run];
  // Between two runs it keeps nobody from ending, and ends with this process.
  running.unref();
  running.channel!.unref();
  return result;
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

/** URNs of resources that are in only one of two runs, or differ in what a person would see in a diff. */
export function changed(before: Run, after: Run): string[] {
  const [old, now] = [before, after].map(
    ({ resources }) => new Map(resources.map(({ urn, inputs, protect }) => [urn, { inputs, protect }])),
  ) as [Map<string, unknown>, Map<string, unknown>];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((urn) => !isDeepStrictEqual(old.get(urn), now.get(urn)))
    .sort();
}
