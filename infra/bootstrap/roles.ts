/** GitHub's way in without a key of AWS: its identity provider, a role that reads and one that changes, and a bound. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { boundary, deployPolicy, previewPolicy, trust } from './policies.ts';
import type { State } from './state.ts';

export interface RolesArgs {
  /** `OWNER/REPOSITORY`. */
  repository: string;
  stacks: readonly string[];
  /** ARN of the identity provider where the account has one; empty: it is made. */
  provider: string;
  accountId: pulumi.Output<string>;
  state: State;
}

export interface Roles {
  preview: aws.iam.Role;
  deploy: aws.iam.Role;
  boundary: aws.iam.Policy;
}

const ISSUER = 'https://token.actions.githubusercontent.com';
/** Seconds for which the deploy role is lent: making or changing a database takes its time. */
const FOUR_HOURS = 14_400;

export function createRoles({ repository, stacks, provider, accountId, state }: RolesArgs): Roles {
  const issuer =
    provider === ''
      ? new aws.iam.OpenIdConnectProvider('github', { url: ISSUER, clientIdLists: ['sts.amazonaws.com'] }).arn
      : pulumi.output(provider);
  const bound = new aws.iam.Policy('evenkeel-boundary', {
    name: 'evenkeel-boundary',
    description: 'The most that a role of a stack of Evenkeel may ever do',
    policy: JSON.stringify(boundary()),
  });
  const role = (name: string, subjects: readonly string[], maxSessionDuration: number) =>
    new aws.iam.Role(name, {
      name,
      maxSessionDuration,
      assumeRolePolicy: pulumi.jsonStringify(
        issuer.apply((arn) =>
          trust(
            arn,
            subjects.map((subject) => `repo:${repository}:${subject}`),
          ),
        ),
      ),
    });
  const attach = (name: string, to: aws.iam.Role, policy: string) =>
    new aws.iam.RolePolicyAttachment(name, { role: to.name, policyArn: `arn:aws:iam::aws:policy/${policy}` });

  const preview = role('evenkeel-preview', ['pull_request', 'ref:refs/heads/main'], 3600);
  attach('evenkeel-preview', preview, 'ReadOnlyAccess');
  new aws.iam.RolePolicy('evenkeel-preview', {
    role: preview.name,
    policy: pulumi.jsonStringify(
      pulumi.all([accountId, state.key.arn]).apply(([account, keyArn]) => previewPolicy(account, keyArn)),
    ),
  });

  const deploy = role('evenkeel-deploy', ['environment:staging', 'environment:production'], FOUR_HOURS);
  attach('evenkeel-deploy', deploy, 'PowerUserAccess');
  new aws.iam.RolePolicy('evenkeel-deploy', {
    role: deploy.name,
    policy: pulumi.jsonStringify(
      pulumi
        .all([accountId, bound.arn, state.bucket.arn, state.key.arn])
        .apply(([account, boundaryArn, bucketArn, keyArn]) =>
          deployPolicy({ account, stacks, boundaryArn, bucketArn, keyArn }),
        ),
    ),
  });
  return { preview, deploy, boundary: bound };
}
