/** The AWS provider of the stack: its region and account, and the tags that everything carries. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../settings.ts';

/** Where and as whom the stack is built, from `aws:…` of its configuration. */
export interface Account {
  /** `aws:region`; checked before anything is declared. */
  region: string;
  /** `aws:profile`. Default: the credentials of the environment, as GitHub's OIDC sets them. */
  profile: string | undefined;
  provider: aws.Provider;
}

export const TAGS = ({ project, stack }: Pick<Settings, 'project' | 'stack'>) => ({
  project,
  stack,
  'managed-by': 'pulumi',
});

export function account(settings: Settings): Account {
  const config = new pulumi.Config('aws');
  const region = config.require('region');
  const profile = config.get('profile');
  const allowed = config.getObject<string[]>('allowedAccountIds');
  const provider = new aws.Provider('aws', {
    region,
    defaultTags: { tags: TAGS(settings) },
    ...(profile !== undefined && { profile }),
    ...(allowed && { allowedAccountIds: allowed }),
  });
  return { region, profile, provider };
}
