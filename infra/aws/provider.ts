/** The AWS provider of the stack: its region, account and roles, and the tags that everything carries. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../settings.ts';
import type { Access, AssumedRole } from './access.ts';

/** Where and as whom the stack is built, from `aws:…` of its configuration. */
export interface Account {
  /** `aws:region`; checked before anything is declared. */
  region: string;
  /** For what the deploy itself asks of AWS: the same region, credentials and roles as the provider's. */
  access: Access;
  provider: aws.Provider;
  /** ARN of the policy that bounds every role of the stack; `evenkeel:permissionsBoundary`. */
  permissionsBoundary: string | undefined;
  /** ARN of the key that encrypts what is kept; `evenkeel:kmsKey`. */
  kmsKey: string | undefined;
}

export const TAGS = ({ project, stack }: Pick<Settings, 'project' | 'stack'>) => ({
  project,
  stack,
  'managed-by': 'pulumi',
});

/** What the provider is given as it stands in the configuration. */
const PASSED_ON = ['allowedAccountIds', 'forbiddenAccountIds', 'ignoreTags'] as const;

/**
 * An explicit provider reads no configuration of its own: every `aws:` key that is honoured is read here, and the rest is
 * refused by name (`config.ts`), so that nobody deploys into the account of the shell with the role in the file.
 */
export function account(settings: Settings): Account {
  const config = new pulumi.Config('aws');
  const region = config.require('region');
  const profile = config.get('profile');
  const assumeRoles = config.getObject<AssumedRole[]>('assumeRoles') ?? [];
  const tags = config.getObject<{ tags?: Record<string, string> }>('defaultTags')?.tags;
  const passed = PASSED_ON.flatMap((key) => {
    const value = config.getObject(key);
    return value === undefined ? [] : [[key, value] as const];
  });
  const provider = new aws.Provider('aws', {
    region,
    // Ours win: the policy pack and the search for what a stack costs go by them.
    defaultTags: { tags: { ...tags, ...TAGS(settings) } },
    ...(profile !== undefined && { profile }),
    ...(assumeRoles.length > 0 && { assumeRoles }),
    ...Object.fromEntries(passed),
  });
  const access = { region, ...(profile !== undefined && { profile }), ...(assumeRoles.length > 0 && { assumeRoles }) };
  return { region, access, provider, permissionsBoundary: settings.permissionsBoundary, kmsKey: settings.kmsKey };
}
