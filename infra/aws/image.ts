/** The image: a repository, and the digest that every task is started by. A tag is for people; nothing runs by one. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as aws from '@pulumi/aws';
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import type { Settings } from '../settings.ts';

/** What the Dockerfile copies: a change of these is a new image, a change of anything else is none. */
const SOURCES = [
  'Dockerfile',
  '.dockerignore',
  '.npmrc',
  'package.json',
  'package-lock.json',
  'app',
  'contract',
  'posture',
  'sentinel',
];

/** Start of the tags that are made here. */
const TAG_PREFIX = 'src-';

/** Processor of the cloud's containers. */
export const architectureOf = ({ architecture = 'arm64' }: Pick<Settings, 'architecture'>): 'amd64' | 'arm64' =>
  architecture;

export interface ImageArgs {
  /** Folder that holds the Dockerfile. */
  context: string;
  /**
   * Digest (`sha256:…`) that CI has pushed to this repository. Default: the image is built here, with Docker, and pushed.
   * Nothing is built in a preview.
   */
  digest: string | undefined;
  /** Processor of the containers. */
  architecture: 'amd64' | 'arm64';
  /** Whether there are media tasks: their image, with a Python and yt-dlp in it, is built here whoever built the other. */
  media: boolean;
  /** ARN of the key that encrypts the repository, read when it is made. Default: AWS's own. */
  kmsKey: string | undefined;
}

export class Image extends pulumi.ComponentResource {
  readonly repositoryArn: pulumi.Output<string>;
  readonly repositoryUrl: pulumi.Output<string>;
  /** `repository@sha256:…`, what a task definition names. */
  readonly reference: pulumi.Output<string>;
  /** The same of the media tasks; undefined where there are none. */
  readonly media: pulumi.Output<string> | undefined;

  constructor(name: string, args: ImageArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Image', name, {}, options);
    const repository = this.#repository(name, args.kmsKey);
    this.repositoryArn = repository.arn;
    this.repositoryUrl = repository.repositoryUrl;
    this.reference = args.digest
      ? pulumi.interpolate`${repository.repositoryUrl}@${args.digest}`
      : this.#build(name, repository, args);
    this.media = args.media ? this.#build(name, repository, args, 'media') : undefined;
    this.registerOutputs({ reference: this.reference });
  }

  /**
   * Without a lifecycle policy: ECR does not know what ECS runs, and a rule that counts or dates images deletes the one
   * that the next task needs, or the next rollback. An image costs about a cent a month; the guide says how to clear.
   */
  #repository(name: string, kmsKey: string | undefined): aws.ecr.Repository {
    return new aws.ecr.Repository(
      name,
      {
        // A tag that CI or a person pushed never moves. Those that `up` makes from the sources may be pushed again: after
        // a revert, or after a push that was cut off before the state knew of it. The image that loses its tag stays, and
        // so does every task that runs by its digest.
        imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
        imageTagMutabilityExclusionFilters: [{ filter: `${TAG_PREFIX}*`, filterType: 'WILDCARD' }],
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [
          kmsKey === undefined ? { encryptionType: 'AES256' } : { encryptionType: 'KMS', kmsKey },
        ],
        // Images can be built again; what cannot is in the database.
        forceDelete: true,
      },
      // Another key would be another repository, without the image that runs.
      { parent: this, ignoreChanges: ['encryptionConfigurations'] },
    );
  }

  /** @param target stage of the Dockerfile; default: its last */
  #build(name: string, repository: aws.ecr.Repository, args: ImageArgs, target?: 'media'): pulumi.Output<string> {
    const login = aws.ecr.getAuthorizationTokenOutput({ registryId: repository.registryId }, { parent: this });
    const tag = sourceTag(args.context, args.architecture) + (target === undefined ? '' : `-${target}`);
    const built = new docker.Image(
      target === undefined ? name : `${name}-${target}`,
      {
        imageName: pulumi.interpolate`${repository.repositoryUrl}:${tag}`,
        build: {
          context: args.context,
          dockerfile: join(args.context, 'Dockerfile'),
          ...(target !== undefined && { target }),
          platform: `linux/${args.architecture}`,
          builderVersion: docker.BuilderVersion.BuilderBuildKit,
        },
        registry: {
          server: repository.repositoryUrl,
          username: login.userName,
          password: pulumi.secret(login.password),
        },
      },
      { parent: this },
    );
    return built.repoDigest;
  }
}

/**
 * Tag that follows from what goes into the image, the digests of its bases among it: another tag is what makes the Docker
 * provider build. Modes count: it builds again when one changes.
 */
export function sourceTag(context: string, architecture: string): string {
  const hash = createHash('sha256').update(architecture);
  for (const file of SOURCES.flatMap((source) => filesUnder(join(context, source))).sort()) {
    const mode = statSync(file).mode & 0o777;
    hash.update(`\0${relative(context, file)}\0${mode}\0`).update(readFileSync(file));
  }
  return `${TAG_PREFIX}${hash.digest('hex').slice(0, 20)}`;
}

function filesUnder(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [path];
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
