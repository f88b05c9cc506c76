/** A copy of the database's backups where whoever has this account, or loses it, cannot reach them: `database.backupCopy`. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Posture } from '../../posture/schema/index.ts';
import { farthestHour } from '../../posture/windows.ts';
import { refusal } from '../refuse.ts';
import { toDays } from './names.ts';
import { policyDocument, trust, type Statement } from './roles.ts';

export interface BackupCopyArgs {
  /** `database.backupCopy`; a GB kept costs about 0.10 USD a month, and 0.02 once on its way to another region. */
  copy: NonNullable<Posture['database']['backupCopy']>;
  /** `backupWindow`, `maintenanceWindow`: AWS Backup keeps an hour away from both. */
  database: Pick<Posture['database'], 'backupWindow' | 'maintenanceWindow'>;
  instance: aws.rds.Instance;
  accountId: pulumi.Input<string>;
  /** ARN of the key that encrypts the database; a copy in another account cannot be made without. */
  kmsKey: string | undefined;
  permissionsBoundary: string | undefined;
  /** Where it is told that a copy failed. */
  ticketTopic: pulumi.Input<string>;
}

/** Days that what is copied stays here as well: the database has its own backups, and the copy is what counts. */
const HERE = 2;
/** Minutes within which a backup begins, and ends. */
const START = 60;
const COMPLETE = 720;

const accountOf = (arn: string): string => arn.split(':')[4]!;

/**
 * Looks whose vault it is, before anything is declared.
 * @throws {pulumi.RunError} another account's, and no key that could be shared with it
 */
export async function lookAtVault(
  { database: { backupCopy } }: Posture,
  kmsKey: string | undefined,
  provider: aws.Provider,
): Promise<void> {
  if (backupCopy === undefined || kmsKey !== undefined) return;
  const { accountId } = await aws.getCallerIdentity({}, { provider });
  if (accountOf(backupCopy.vault) === accountId) return;
  throw refusal(
    `evenkeel:posture: database.backupCopy.vault: is in the account ${accountOf(backupCopy.vault)}, which could not read a copy that AWS's own key encrypts: pulumi config set evenkeel:kmsKey <arn of a key that it may use>, or name a vault of this account`,
  );
}

export class BackupCopy extends pulumi.ComponentResource {
  constructor(name: string, args: BackupCopyArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:BackupCopy', name, {}, options);
    const { copy, database, instance, kmsKey } = args;
    const own = { parent: this };
    // What is in it for two days goes with the stack; the copies are somebody else's.
    const vault = new aws.backup.Vault(
      name,
      { name, forceDestroy: true, ...(kmsKey !== undefined && { kmsKeyArn: kmsKey }) },
      own,
    );
    const plan = new aws.backup.Plan(
      name,
      {
        name,
        rules: [
          {
            ruleName: 'daily',
            targetVaultName: vault.name,
            schedule: `cron(0 ${farthestHour(database)} * * ? *)`,
            startWindow: START,
            completionWindow: COMPLETE,
            lifecycle: { deleteAfter: HERE },
            copyActions: [{ destinationVaultArn: copy.vault, lifecycle: { deleteAfter: toDays(copy.keep) } }],
          },
        ],
      },
      own,
    );
    const { role, policy } = this.#role(name, args);
    new aws.backup.Selection(
      name,
      { name, planId: plan.id, iamRoleArn: role.arn, resources: [instance.arn] },
      { parent: this, dependsOn: [policy] },
    );
    this.#told(name, args);
    this.registerOutputs({});
  }

  #role(name: string, args: BackupCopyArgs): { role: aws.iam.Role; policy: pulumi.Resource } {
    const { permissionsBoundary } = args;
    const role = new aws.iam.Role(
      name,
      {
        description: 'Of AWS Backup: takes a snapshot of the database, and copies it to the vault of the posture',
        assumeRolePolicy: trust('backup.amazonaws.com', args.accountId),
        ...(permissionsBoundary !== undefined && { permissionsBoundary }),
      },
      { parent: this },
    );
    const policy = new aws.iam.RolePolicy(
      name,
      { role: role.name, policy: policyDocument(rights(args)) },
      { parent: this },
    );
    return { role, policy };
  }

  /** Silence of a copy is only noticed when it is wanted: on-call gets a ticket for each that fails. */
  #told(name: string, { instance, ticketTopic }: BackupCopyArgs): void {
    const rule = new aws.cloudwatch.EventRule(
      name,
      {
        description: 'Backups and copies of the database that failed',
        eventPattern: pulumi.jsonStringify({
          source: ['aws.backup'],
          'detail-type': ['Backup Job State Change', 'Copy Job State Change'],
          detail: { state: ['FAILED', 'EXPIRED', 'ABORTED'], resourceArn: [instance.arn] },
        }),
      },
      { parent: this },
    );
    new aws.cloudwatch.EventTarget(name, { rule: rule.name, arn: ticketTopic }, { parent: this });
  }
}

/** As the policy that AWS has for this (AWSBackupServiceRolePolicyForBackup), for this one database and these vaults. */
function rights({ copy, instance, accountId, kmsKey }: BackupCopyArgs): Statement[] {
  const snapshots = pulumi.interpolate`arn:aws:rds:*:${accountId}:snapshot:awsbackup:*`;
  const key: Statement[] =
    kmsKey === undefined
      ? []
      : [
          { Sid: 'SeeKey', Effect: 'Allow', Action: 'kms:DescribeKey', Resource: kmsKey },
          {
            Sid: 'LendKeyToAws',
            Effect: 'Allow',
            Action: 'kms:CreateGrant',
            Resource: kmsKey,
            Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
          },
        ];
  return [
    {
      Sid: 'Snapshot',
      Effect: 'Allow',
      Action: [
        'rds:AddTagsToResource',
        'rds:CopyDBSnapshot',
        'rds:CreateDBSnapshot',
        'rds:DescribeDBInstances',
        'rds:DescribeDBSnapshots',
        'rds:ListTagsForResource',
      ],
      Resource: [instance.arn, snapshots],
    },
    {
      Sid: 'ShareAndForget',
      Effect: 'Allow',
      Action: ['rds:DeleteDBSnapshot', 'rds:ModifyDBSnapshotAttribute'],
      Resource: snapshots,
    },
    {
      Sid: 'Copy',
      Effect: 'Allow',
      Action: ['backup:CopyIntoBackupVault', 'backup:DescribeBackupVault'],
      Resource: [copy.vault, pulumi.interpolate`arn:aws:backup:*:${accountId}:backup-vault:*`],
    },
    ...key,
  ];
}
