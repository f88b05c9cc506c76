/**
 * What an account needs once: a bucket for the states of the stacks, a key for their secrets, and, where GitHub deploys,
 * its identity provider and the two roles. About 1 USD a month, the key; the rest is cents.
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { refuse } from '../refuse.ts';
import { createRoles } from './roles.ts';
import { createState } from './state.ts';

const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/;
const STACK = /^[a-z][a-z0-9-]{0,30}$/;
const PROVIDER = /^arn:aws[a-z-]*:iam::\d{12}:oidc-provider\/token\.actions\.githubusercontent\.com$/;

interface Answers {
  /** `OWNER/REPOSITORY`, or empty where GitHub deploys nothing. */
  repository: string;
  stacks: string[];
  /** ARN of the identity provider that is there already, or empty. */
  provider: string;
}

/** @throws {pulumi.RunError} a line for each answer that is none */
function answers(): Answers {
  const config = new pulumi.Config('evenkeel-bootstrap');
  const repository = config.get('repository') ?? '';
  const provider = config.get('provider') ?? '';
  const stacks = config.getObject<string[]>('stacks') ?? ['prod', 'staging'];
  const set = 'pulumi -C infra/bootstrap config set';
  const problems = [
    ...(repository === '' || REPOSITORY.test(repository)
      ? []
      : [`repository: "${repository}" is not OWNER/REPOSITORY: ${set} repository octo-org/my-bot`]),
    ...(provider === '' || PROVIDER.test(provider)
      ? []
      : [
          `provider: "${provider}" is not the ARN of GitHub's identity provider: aws iam list-open-id-connect-providers`,
        ]),
    ...(Array.isArray(stacks) && stacks.length > 0 && stacks.every((stack) => STACK.test(stack))
      ? []
      : [`stacks: wanted names such as prod, in lower case: ${set} --path 'stacks[0]' prod`]),
  ];
  if (problems.length > 0) return refuse(problems);
  return { repository, provider, stacks };
}

export function bootstrap(): Record<string, pulumi.Input<unknown>> {
  const { repository, stacks, provider } = answers();
  const region = new pulumi.Config('aws').require('region');
  const { accountId } = aws.getCallerIdentityOutput();
  const state = createState(accountId);
  const always = {
    bucket: state.bucket.bucket,
    login: pulumi.interpolate`pulumi login s3://${state.bucket.bucket}?region=${region}`,
    secretsProvider: `awskms://${state.alias}?region=${region}`,
  };
  if (repository === '') return always;
  const roles = createRoles({ repository, stacks, provider, accountId, state });
  return {
    ...always,
    permissionsBoundary: roles.boundary.arn,
    // Once, by the GitHub CLI: `sh -c "$(pulumi -C infra/bootstrap stack output variables)"`.
    variables: pulumi
      .all([roles.preview.arn, roles.deploy.arn, state.bucket.bucket])
      .apply(([preview, deploy, bucket]) =>
        Object.entries({
          AWS_REGION: region,
          AWS_PREVIEW_ROLE: preview,
          AWS_DEPLOY_ROLE: deploy,
          PULUMI_BACKEND_URL: `s3://${bucket}?region=${region}`,
          PULUMI_STACK: stacks[0],
          ...(stacks[1] !== undefined && { PULUMI_STAGING_STACK: stacks[1] }),
        })
          .map(([name, value]) => `gh variable set ${name} --repo ${repository} --body '${value}'`)
          .join(' && '),
      ),
  };
}
