/** Dynamic resources as the engine runs them: from the text that the program wrote into the state, not from our modules. */
import { createRequire } from 'node:module';
import type * as pulumi from '@pulumi/pulumi';
import { run } from './harness.ts';

type Provider = Required<pulumi.dynamic.ResourceProvider<Record<string, unknown>, Record<string, unknown>>>;

/** The provider of a dynamic resource (`Webhook`, `Migrate`, `Guard`), loaded as Pulumi's own plugin loads it. */
export async function serialised(type: string): Promise<Provider> {
  const { resources } = await run();
  const found = resources.find((resource) => resource.type === `pulumi-nodejs:dynamic/evenkeel:${type}`);
  if (!found) throw new Error(`the program declares no ${type}`);
  const ofPulumi = createRequire(createRequire(import.meta.url).resolve('@pulumi/pulumi'));
  const load = ofPulumi('require-from-string') as (code: string) => { handler: () => Provider };
  return load(String(found.inputs['__provider'])).handler();
}
