/** What `pulumi up` of a stack would create, without an engine or an account: the AWS program itself, run against nothing. */
import * as pulumi from '@pulumi/pulumi';
import type { Mocks } from '@pulumi/pulumi/runtime/mocks.js';
import { architectureOf } from '../../infra/aws/image.ts';
import { KEYS } from '../../infra/keys.ts';
import { program } from '../../infra/program.ts';
import { keysInUse } from '../../infra/provider-keys.ts';
import type { Stack } from '../stack-file.ts';

/** A resource as the program asks for it; what only the cloud knows is not in it. */
export interface Declared {
  type: string;
  name: string;
  inputs: Readonly<Record<string, unknown>>;
}

const TOKEN = '123456789:AA-of-nobody-who-is-only-counted';

/** Values that cost nothing and that the program asks for: what the stack has encrypted, or does not have yet. */
const STANDING_IN: Readonly<Record<string, string>> = {
  'aws:region': 'eu-central-1',
  'evenkeel:botToken': TOKEN,
  'evenkeel:openrouterApiKey': 'of-nobody',
  'evenkeel:oncallBotToken': TOKEN.replace('1', '9'),
  // Nothing is built to be counted.
  'evenkeel:imageDigest': `sha256:${'0'.repeat(64)}`,
};

/** Of those who are paid by, and who render; none where they are off, for another version's program may not know the keys. */
const keysOfProviders = ({ posture }: Stack): Record<string, string> =>
  Object.fromEntries(
    keysInUse(posture).map(({ key }) => [
      `evenkeel:${key}`,
      key === 'cryptoPayToken' ? '12345:AAofNobodyWhoIsOnlyCounted' : 'of-nobody-who-is-only-counted',
    ]),
  );

/** Of a server that is there already; none else, for another version's program may not know the key. */
const ownDatabase = ({ posture }: Stack): Record<string, string> =>
  posture.database.server === 'own'
    ? { 'evenkeel:databaseUrl': 'postgres://of:nobody@counted.here/evenkeel?sslmode=verify-full' }
    : {};

const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null || !('secure' in value);

/**
 * Only their number counts here, and the program warns of examples. Nothing is added to what is written: another version's
 * schema may not know it.
 */
function anonymous({ values, posture }: Stack): unknown {
  type Written = { emails?: unknown[]; page?: Written; ticket?: Written };
  const unnamed = (written: Written, of: string): Written => ({
    ...written,
    ...(written.emails && { emails: written.emails.map((_, index) => `${of}-${index}@counted.here`) }),
    ...(written.page && { page: unnamed(written.page, 'page') }),
    ...(written.ticket && { ticket: unnamed(written.ticket, 'ticket') }),
  });
  const { oncall, people, providers, ...others } = (values ?? {}) as {
    oncall?: Written;
    people?: { owners?: unknown[] };
    providers?: { access?: object };
  };
  // Refused as an example where it is asked for; then the schema knows it.
  const letIn = keysInUse(posture).some(({ key }) => key === 'accessApiKey')
    ? { access: { ...providers?.access, address: 'https://counted.here' } }
    : {};
  return {
    ...others,
    ...((providers || Object.keys(letIn).length > 0) && { providers: { ...providers, ...letIn } }),
    ...(oncall && { oncall: unnamed(oncall, 'recipient') }),
    ...(people && {
      people: { ...people, ...(people.owners && { owners: people.owners.map((_, index) => 1000 + index) }) },
    }),
  };
}

/** The configuration as Pulumi would give it, every value a text. */
function configuration(stack: Stack): Record<string, string> {
  const { config } = stack;
  const known = KEYS.map((key) => `evenkeel:${key}`);
  const plain = Object.entries(config)
    .filter(([key, value]) => (key.startsWith('aws:') || known.includes(key)) && isPlain(value))
    .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]);
  const { imageDigest: _, ...written } = Object.fromEntries(plain) as Record<string, string>;
  // Said aloud: with the digest of an image the program warns where it is not.
  const architecture = written['evenkeel:architecture'] ?? architectureOf({ architecture: undefined });
  return {
    ...STANDING_IN,
    ...keysOfProviders(stack),
    ...ownDatabase(stack),
    ...written,
    'evenkeel:architecture': architecture,
    'evenkeel:posture': JSON.stringify(anonymous(stack)),
  };
}

/** Answers of the provider's look-ups, in as many zones as the schema takes. */
const LOOKED_UP = {
  names: ['a', 'b', 'c'],
  accountId: '123456789012',
  zoneId: 'Z',
  id: 'pl',
};

/**
 * Runs the program once, as in a preview of a new stack. Runs must follow each other: Pulumi's runtime is one a process.
 * @param run another program than this one: that of another version
 * @throws {pulumi.RunError} what the program refuses
 */
export async function declared(stack: Stack, run: () => Promise<unknown> = program): Promise<Declared[]> {
  const resources: Declared[] = [];
  const mocks: Mocks = {
    newResource: ({ type, name, inputs }) => {
      resources.push({ type, name, inputs: inputs as Declared['inputs'] });
      return { id: undefined, state: inputs as object };
    },
    // Each subnet of somebody else's network in a zone of its own.
    call: ({ inputs }) => ({ ...LOOKED_UP, availabilityZoneId: (inputs as { id?: string }).id ?? '' }),
  };
  await pulumi.runtime.setMocks(mocks, 'evenkeel', stack.name, true);
  pulumi.runtime.setAllConfig(configuration(stack));
  // Pulumi keeps a stack trace of every promise, which is half of the time that a run takes.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  let refused: Error | undefined;
  await pulumi.runtime.runInPulumiStack(async () => {
    try {
      return (await run()) as object;
    } catch (error) {
      refused = error as Error;
      return {};
    }
  });
  await pulumi.runtime.disconnect();
  Error.stackTraceLimit = stackTraceLimit;
  if (refused !== undefined) throw refused;
  return resources;
}
