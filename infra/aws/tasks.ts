/** The three tasks of the bot's image: web, worker and migrate, each with its own environment, secrets and rights. */
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../settings.ts';
import { CONTAINER_PORT } from './firewall.ts';
import type { Foundation } from './foundation.ts';
import type { Account } from './provider.ts';
import type { Statement } from './roles.ts';
import { Task, type TaskRole } from './task.ts';

export type Tasks = Record<TaskRole, Task>;

/** Objects of the media bucket, and nothing else in S3. */
const useMedia = (arn: pulumi.Output<string>): Statement[] => [
  {
    Sid: 'Media',
    Effect: 'Allow',
    Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
    Resource: pulumi.interpolate`${arn}/*`,
  },
];

export function declareTasks(name: string, settings: Settings, account: Account, base: Foundation): Tasks {
  const { posture, architecture, telegramApiRoot } = settings;
  const { image, ingress, media, vault } = base;
  const listening = {
    NODE_ENV: 'production',
    // Dimension of the metrics that a task writes to its log, so that the alarms of two stacks stay apart.
    STACK: name,
    PORT: String(CONTAINER_PORT),
    PUBLIC_URL: ingress.publicUrl,
  };

  const task = (role: TaskRole, environment: Record<string, pulumi.Input<string>>, allow?: Statement[]): Task =>
    new Task(
      `${name}-${role}`,
      {
        role,
        posture,
        region: account.region,
        accountId: base.accountId,
        image: image.reference,
        repositoryArn: image.repositoryArn,
        architecture,
        environment,
        secrets: vault.of[role],
        permissionsBoundary: account.permissionsBoundary,
        ...(allow && { allow }),
      },
      { providers: [account.provider] },
    );

  return {
    web: task('web', listening),
    worker: task(
      'worker',
      { ...listening, TELEGRAM_API_ROOT: telegramApiRoot, MEDIA_BUCKET: media.bucketName },
      useMedia(media.arn),
    ),
    migrate: task('migrate', { NODE_ENV: 'production' }),
  };
}
