/** The bot's own containers: migrate, web, worker, with the limits and the environment that they have in the cloud. */
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { heapLimit, MiB, ofRoles, type OfRoles, type Role } from '../../posture/limits.ts';
import { spellOut } from '../../posture/resolve.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { payerEnvironment } from '../payers.ts';
import type { BotSecrets } from '../settings.ts';
import { addressOf, answersAt, container, published, sealed } from './container.ts';
import type { Database } from './database.ts';
import { once } from './once.ts';
import type { World } from './world.ts';

const PORT = 8080;

/** Address of the web tasks inside the network: one name for all of them, which Docker's DNS shares out. */
export const WEB_URL = `http://web:${PORT}`;

export interface TasksArgs {
  posture: Posture;
  image: pulumi.Input<string>;
  mediaImage: pulumi.Input<string> | undefined;
  network: pulumi.Input<string>;
  database: Database;
  world: World;
  /** Of the stack's configuration: keys of providers that are not simulated. */
  secrets: BotSecrets;
  webhookSecret: pulumi.Output<string>;
  operatorToken: pulumi.Output<string>;
}

export interface Tasks extends OfRoles<docker.Container[]> {
  /** Addresses of the web tasks on this machine. */
  addresses: pulumi.Output<string>[];
}

const posturedEnv = (posture: Posture) => ({ NODE_ENV: 'production', POSTURE: JSON.stringify(spellOut(posture)) });

/** The migration, before every task that uses the schema. Its id changes with the image and with the posture. */
function migrate(name: string, args: TasksArgs, options: pulumi.CustomResourceOptions): pulumi.Output<string> {
  const { database, posture } = args;
  return once(
    `${name}-migrate`,
    {
      what: 'The migration',
      image: args.image,
      network: args.network,
      alias: 'migrate',
      command: ['migrate'],
      env: {
        ...posturedEnv(posture),
        DATABASE_URL: database.url('master'),
        OWNER_DATABASE_PASSWORD: database.passwords.owner,
        WEB_DATABASE_PASSWORD: database.passwords.web,
        WORKER_DATABASE_PASSWORD: database.passwords.worker,
        ...(database.passwords.media && { MEDIA_DATABASE_PASSWORD: database.passwords.media }),
        OPERATOR_DATABASE_PASSWORD: database.passwords.operator,
        // Another server is an empty one.
        SERVER: database.container.id,
      },
      limits: { memory: 512 * MiB, cpu: 256, nofile: 1024, stopTimeout: 30_000 },
    },
    options,
  );
}

/** Files that are under way are larger than a /tmp in memory: theirs is the volume that the image declares, gone with the container. */
const { tmpfs: _, ...onDisk } = sealed;

/** What each role is given beside what both are. */
function environmentOf(
  role: Role,
  { database, world, secrets, webhookSecret }: TasksArgs,
): Record<string, pulumi.Input<string>> {
  const common = { ...payerEnvironment(role, secrets), BOT_TOKEN: world.botToken, DATABASE_URL: database.url(role) };
  if (role === 'web') return { ...common, WEBHOOK_SECRET: webhookSecret };
  if (role === 'media') return { ...common, TELEGRAM_API_ROOT: world.telegramApiRoot };
  return {
    ...common,
    TELEGRAM_API_ROOT: world.telegramApiRoot,
    OPENROUTER_API_KEY: world.apiKey,
    OPENROUTER_BASE_URL: world.openrouterBaseUrl,
    ...(secrets.accessApiKey && { ACCESS_API_KEY: secrets.accessApiKey }),
    ...(secrets.novitaApiKey && { NOVITA_API_KEY: secrets.novitaApiKey }),
  };
}

interface TaskArgs extends TasksArgs {
  role: Role;
  /** Id of the migration that went before. */
  migrated: pulumi.Output<string>;
}

function task(name: string, args: TaskArgs, options: pulumi.CustomResourceOptions): docker.Container {
  const { role, posture } = args;
  const { healthCheck } = posture.ingress;
  return new docker.Container(
    name,
    {
      ...container({
        image: (role === 'media' && args.mediaImage) || args.image,
        network: args.network,
        alias: role,
        command: [role],
        env: {
          ...posturedEnv(posture),
          ...environmentOf(role, args),
          PORT: String(PORT),
          PUBLIC_URL: WEB_URL,
          OPERATOR_TOKEN: args.operatorToken,
          NODE_OPTIONS: `--max-old-space-size=${heapLimit(posture, role) / MiB}`,
        },
        limits: posture[role],
      }),
      ...(role === 'media' ? onDisk : sealed),
      // By its id, a task waits for the migration, and none starts when it failed.
      labels: [{ label: 'evenkeel.migration', value: args.migrated }],
      ports: published(PORT),
      // Ready, not only live: Docker restarts nothing for it, and `up` waits for what can really work.
      healthcheck: answersAt(`http://127.0.0.1:${PORT}/ready`, healthCheck.interval, healthCheck.timeout),
      wait: true,
      waitTimeout: Math.ceil((posture.rollout.boot + posture.rollout.healthGrace) / 1000),
    },
    // The new one is ready before the old one is told to drain: somebody answers all the time. The provider would rather
    // delete first.
    { ...options, deleteBeforeReplace: false },
  );
}

/** Migrates, then starts as many tasks of each role as always run. There is no autoscaling on a laptop. */
export function tasks(name: string, args: TasksArgs, options: pulumi.CustomResourceOptions): Tasks {
  const migrated = migrate(name, args, options);
  const dependsOn = [args.world.container];
  const made = ofRoles(args.posture, (role) =>
    Array.from({ length: args.posture[role].tasks.min }, (_, index) =>
      task(`${name}-${role}-${index + 1}`, { ...args, role, migrated }, { ...options, dependsOn }),
    ),
  );
  return { ...made, addresses: made.web.map(addressOf) };
}
