/**
 * A provider plugin that the real engine starts instead of AWS's, Docker's and random's: keeps what it is given, computes
 * what others lean on, and touches nothing. No emulator: that an argument is accepted says nothing about the cloud.
 *
 * usage: node stand-in.ts NAME VERSION DIRECTORY …the engine's own arguments
 */
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import provider from '@pulumi/pulumi/provider/index.js';
import { REPLACES } from '../../scripts/upgrade/replaces.ts';
import { computed, invoked } from '../infra/cloud.ts';

type Values = Record<string, unknown>;

const [, version = '', directory = '', ...engineArguments] = process.argv.slice(2);

const typeOf = (urn: string): string => urn.split('::')[2]!.split('$').at(-1)!;
const nameOf = (urn: string): string => urn.split('::').at(-1)!;

/** What was done, one line each, for the test to read. */
const log = (entry: Values): void => appendFileSync(join(directory, 'log'), `${JSON.stringify(entry)}\n`);

/** A function's code. The engine gives a diff nothing of it but a hash, and a create no hash. */
const isArchive = (key: string): boolean => key === 'code';

/** Inputs are remembered as digests: a plain copy would put secrets into the state in the clear, which no provider does. */
const digest = (inputs: Values): Values =>
  Object.fromEntries(
    Object.entries(inputs)
      .filter(([key]) => !key.startsWith('__') && !isArchive(key))
      .map(([key, value]) => [key, createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)]),
  );

const archiveChanged = (key: string, olds: Values, news: Values): boolean =>
  isArchive(key) && (olds[key] as Values | undefined)?.['hash'] !== (news[key] as Values | undefined)?.['hash'];

const replaces = (type: string, keys: string[]): string[] =>
  type.endsWith(':TaskDefinition') || type.endsWith(':Container')
    ? keys
    : keys.filter((key) => REPLACES[type]?.includes(key));

/** Docker looks for its files from the folder that the engine starts plugins in. */
function buildsFrom({ build }: Values): void {
  const { context, dockerfile } = build as { context: string; dockerfile: string };
  for (const path of [resolve(context, 'package.json'), resolve(dockerfile)])
    if (!existsSync(path)) throw new Error(`could not open "${path}", asked for from ${process.cwd()}`);
}

/** What the ECS of the test knows of a service is what was made here. */
function remember({ name: service, taskDefinition }: Values): void {
  const file = join(directory, 'services.json');
  const services = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Values) : {};
  writeFileSync(file, JSON.stringify({ ...services, [String(service)]: taskDefinition }));
}

function made(urn: string, inputs: Values): { id: string; outs: Values } {
  const type = typeOf(urn);
  const { id, state } = computed(type, nameOf(urn), inputs);
  const own: Record<string, () => Values> = {
    'random:index/randomPassword:RandomPassword': () => ({
      result: randomBytes(32).toString('hex').slice(0, Number(inputs['length'])),
    }),
    'aws:cloudfront/distribution:Distribution': () => ({ domainName: process.env['STAND_IN_DOMAIN'] }),
    'docker:index/container:Container': () => ({
      exitCode: 0,
      containerLogs: '',
      ports: [{ internal: 1, external: 9 }],
    }),
    'docker:index/remoteImage:RemoteImage': () => ({ imageId: `sha256:${'c'.repeat(64)}` }),
  };
  if (type === 'docker:index/image:Image') buildsFrom(inputs);
  if (type === 'aws:ecs/service:Service') remember(inputs);
  return { id, outs: { ...state, id, ...own[type]?.(), __inputs: digest(inputs) } };
}

await provider.main(
  {
    version,
    async check(_urn: string, _olds: Values, inputs: Values) {
      return { inputs, failures: [] };
    },
    async diff(_id: string, urn: string, olds: Values, news: Values) {
      const [before, after] = [(olds['__inputs'] ?? {}) as Values, digest(news)];
      const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
        (key) => before[key] !== after[key],
      );
      keys.push(...Object.keys(news).filter((key) => archiveChanged(key, olds, news)));
      return {
        changes: keys.length > 0,
        replaces: replaces(typeOf(urn), keys),
        // Known in a preview of an update too: what did not change.
        stables: Object.keys(olds).filter((key) => !keys.includes(key) && key !== '__inputs'),
      };
    },
    async create(urn: string, inputs: Values) {
      log({ op: 'create', type: typeOf(urn), name: nameOf(urn) });
      return made(urn, inputs);
    },
    async update(_id: string, urn: string, _olds: Values, news: Values) {
      log({ op: 'update', type: typeOf(urn), name: nameOf(urn) });
      return { outs: made(urn, news).outs };
    },
    async read(id: string, _urn: string, props: Values) {
      return { id, props };
    },
    async delete(_id: string, urn: string) {
      log({ op: 'delete', type: typeOf(urn), name: nameOf(urn) });
    },
    async invoke(token: string, inputs: Values) {
      return { outputs: invoked(token, inputs) };
    },
  },
  engineArguments,
);
