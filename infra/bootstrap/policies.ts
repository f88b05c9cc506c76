/** Who may become what, and what each may do: documents of IAM as plain values. */

interface Statement {
  Sid: string;
  Effect: 'Allow' | 'Deny';
  Principal?: unknown;
  Action: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  Condition?: unknown;
}

interface Document {
  Version: '2012-10-17';
  Statement: Statement[];
}

const document = (...statements: Statement[]): Document => ({ Version: '2012-10-17', Statement: statements });

/** Lets GitHub's identity token of these subjects become the role, and nobody else. */
export const trust = (provider: string, subjects: readonly string[]): Document =>
  document({
    Sid: 'GitHub',
    Effect: 'Allow',
    Principal: { Federated: provider },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: {
        'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
        'token.actions.githubusercontent.com:sub': [...subjects],
      },
    },
  });

/** All that tasks and functions of a stack ever need. */
export const boundary = (): Document =>
  document({
    Sid: 'TasksAndFunctions',
    Effect: 'Allow',
    Action: [
      'backup:CopyIntoBackupVault',
      'backup:DescribeBackupVault',
      'ecr:GetAuthorizationToken',
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:GetDownloadUrlForLayer',
      'ecs:DescribeServices',
      'kms:CreateGrant',
      'kms:Decrypt',
      'kms:DescribeKey',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'rds:AddTagsToResource',
      'rds:CopyDBSnapshot',
      'rds:CreateDBSnapshot',
      'rds:DeleteDBSnapshot',
      'rds:DescribeDBInstances',
      'rds:DescribeDBSnapshots',
      'rds:ListTagsForResource',
      'rds:ModifyDBSnapshotAttribute',
      's3:AbortMultipartUpload',
      's3:GetObject',
      's3:PutObject',
      'secretsmanager:GetSecretValue',
    ],
    Resource: '*',
  });

/**
 * Beside ReadOnlyAccess: the secrets of the configuration, without which no preview can be made. And not what that policy
 * would let every pull request read: parameters are where others of the account keep their passwords.
 */
export const previewPolicy = (account: string, keyArn: string): Document =>
  document(
    { Sid: 'ReadSecrets', Effect: 'Allow', Action: 'kms:Decrypt', Resource: keyArn },
    {
      Sid: 'NobodyElsesParameters',
      Effect: 'Deny',
      Action: ['ssm:GetParameter', 'ssm:GetParameters', 'ssm:GetParametersByPath', 'ssm:GetParameterHistory'],
      NotResource: `arn:aws:ssm:*:${account}:parameter/evenkeel/*`,
    },
  );

export interface DeployPolicyArgs {
  account: string;
  /** Stacks whose roles it makes; each is called `evenkeel-STACK-…`. */
  stacks: readonly string[];
  boundaryArn: string;
  bucketArn: string;
  keyArn: string;
}

/** Beside PowerUserAccess, which has no IAM: the stacks' own roles, bounded; and what it must not touch. */
export function deployPolicy({ account, stacks, boundaryArn, bucketArn, keyArn }: DeployPolicyArgs): Document {
  const roles = stacks.map((stack) => `arn:aws:iam::${account}:role/evenkeel-${stack}-*`);
  return document(
    {
      // Whoever makes a role writes what it may do: without the bound the deploy role could make itself an administrator.
      Sid: 'MakeOnlyBoundedRoles',
      Effect: 'Allow',
      Action: ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy', 'iam:PutRolePermissionsBoundary'],
      Resource: roles,
      Condition: { StringEquals: { 'iam:PermissionsBoundary': boundaryArn } },
    },
    {
      Sid: 'KeepThem',
      Effect: 'Allow',
      Action: [
        'iam:DeleteRole',
        'iam:GetRole',
        'iam:UpdateRole',
        'iam:UpdateAssumeRolePolicy',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:GetRolePolicy',
        'iam:ListRolePolicies',
        'iam:ListAttachedRolePolicies',
        'iam:ListInstanceProfilesForRole',
      ],
      Resource: roles,
    },
    {
      Sid: 'HandThemToTheirServices',
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: roles,
      Condition: {
        StringEquals: {
          'iam:PassedToService': [
            'ecs-tasks.amazonaws.com',
            'lambda.amazonaws.com',
            'chatbot.amazonaws.com',
            'backup.amazonaws.com',
          ],
        },
      },
    },
    {
      Sid: 'NeverLoosenTheBound',
      Effect: 'Deny',
      Action: [
        'iam:DeleteRolePermissionsBoundary',
        'iam:CreatePolicyVersion',
        'iam:SetDefaultPolicyVersion',
        'iam:DeletePolicy',
      ],
      Resource: '*',
    },
    {
      // A state is written, and an earlier one brought back; none is made to vanish.
      Sid: 'KeepTheStates',
      Effect: 'Deny',
      Action: [
        's3:DeleteBucket',
        's3:DeleteObjectVersion',
        's3:PutBucketVersioning',
        's3:PutLifecycleConfiguration',
        's3:PutBucketPolicy',
        's3:DeleteBucketPolicy',
        's3:PutBucketPublicAccessBlock',
      ],
      Resource: [bucketArn, `${bucketArn}/*`],
    },
    {
      Sid: 'KeepTheKey',
      Effect: 'Deny',
      Action: ['kms:ScheduleKeyDeletion', 'kms:DisableKey', 'kms:PutKeyPolicy', 'kms:DisableKeyRotation'],
      Resource: keyArn,
    },
  );
}
