/** The tasks of the bot's image: web, worker, media, migrate and ops, each with its own environment, secrets and rights. */
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../settings.ts';
import { CONTAINER_PORT } from './firewall.ts';
import { OPS_LABELS } from './ops-task.ts';
import type { Foundation } from './foundation.ts';
import { architectureOf } from './image.ts';
import type { Account } from './provider.ts';
import type { Statement } from './roles.ts';
import type { ManagedSecret } from './secrets.ts';
import { Task, type OfTasks, type TaskRole } from './task.ts';

export type Tasks = OfTasks<Task>;

export function declareTasks(name: string, settings: Settings, account: Account, base: Foundation): Tasks {
  const { posture, telegramApiRoot } = settings;
  const { image, ingress, vault, network, firewall, database, files } = base;
  // RDS gives it once and to one server alone: what is restored has another one, whatever it is called (fault restored-twice).
  // Whoever has another server names none: what was put back is told by its own history.
  const server: Record<string, pulumi.Input<string>> = database.instance
    ? { DATABASE_SERVER: database.instance.resourceId }
    : {};
  const listening = {
    NODE_ENV: 'production',
    // Dimension of the metrics that a task writes to its log, so that the alarms of two stacks stay apart.
    STACK: name,
    PORT: String(CONTAINER_PORT),
    PUBLIC_URL: ingress.publicUrl,
  };

  const task = (
    role: TaskRole,
    secrets: ManagedSecret,
    environment: Record<string, pulumi.Input<string>>,
    { labels, allow }: { labels?: Record<string, pulumi.Input<string>>; allow?: Statement[] } = {},
  ): Task =>
    new Task(
      `${name}-${role}`,
      {
        role,
        posture,
        region: account.region,
        accountId: base.accountId,
        image: role === 'media' ? (image.media ?? image.reference) : image.reference,
        repositoryArn: image.repositoryArn,
        architecture: architectureOf(settings),
        environment,
        secrets,
        permissionsBoundary: account.permissionsBoundary,
        kmsKey: account.kmsKey,
        ...(labels && { labels }),
        ...(allow && { allow }),
      },
      { providers: [account.provider] },
    );

  const objects = files && { OBJECT_STORE_BUCKET: files.bucketName, OBJECT_STORE_REGION: account.region };
  const onFiles = (Action: string[]) => ({
    ...(files && { allow: [{ Effect: 'Allow', Action, Resource: pulumi.interpolate`${files.arn}/*` } as const] }),
  });

  return {
    // What it signs an address with has to be allowed what the address is for.
    web: task('web', vault.of.web, { ...listening, ...objects }, onFiles(['s3:GetObject'])),
    worker: task('worker', vault.of.worker, { ...listening, ...server, TELEGRAM_API_ROOT: telegramApiRoot }),
    ...(vault.of.media && {
      media: task(
        'media',
        vault.of.media,
        { ...listening, ...server, ...objects, TELEGRAM_API_ROOT: telegramApiRoot },
        onFiles(['s3:PutObject', 's3:AbortMultipartUpload']),
      ),
    }),
    migrate: task('migrate', vault.of.migrate, { NODE_ENV: 'production', ...server }),
    ops: task(
      'ops',
      vault.of.ops,
      { NODE_ENV: 'production', ...server },
      {
        labels: {
          // Where it runs: `npm run ops` finds it here, by the name of the stack alone.
          [OPS_LABELS.subnets]: pulumi.all(network.taskSubnetIds).apply((ids) => ids.join(',')),
          [OPS_LABELS.securityGroup]: firewall.groupIds.ops,
          [OPS_LABELS.publicIp]: String(network.assignPublicIp),
        },
      },
    ),
  };
}
