/** PostgreSQL with the parameters that the posture gives the one in the cloud. */
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import { serverParameters } from '../../posture/server-parameters.ts';
import { instanceMemory, MiB, ofRoles, type OfRoles, type Role } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { password } from '../aws/secrets.ts';
import { container } from './container.ts';

export interface DatabaseArgs {
  posture: Posture;
  image: pulumi.Input<string>;
  network: pulumi.Input<string>;
}

export interface Database {
  container: docker.Container;
  /** By login: the server's superuser, and the roles that the migration makes. */
  url(login: Login): pulumi.Output<string>;
  passwords: OfRoles<pulumi.Output<string>> & Record<'master' | 'owner' | 'operator', pulumi.Output<string>>;
}

export type Login = 'master' | 'owner' | 'operator' | Role;

const ALIAS = 'database';
const NAME = 'evenkeel';
const MASTER = 'evenkeel';
const VOLUME = '/var/lib/postgresql';

/** All of it on the command line: no file to mount, and a change of the posture is a change of the container. */
function command(posture: Posture): string[] {
  const sharedBuffers = Math.floor((posture.database.sharedBuffers * instanceMemory(posture)) / MiB);
  const settings = [
    ...serverParameters(posture).map(({ name, value }) => `${name}=${value}`),
    `shared_buffers=${sharedBuffers}MB`,
  ];
  return ['postgres', ...settings.flatMap((setting) => ['-c', setting])];
}

export function database(name: string, args: DatabaseArgs, options: pulumi.CustomResourceOptions): Database {
  const { posture } = args;
  const { version, deletionProtection } = posture.database;
  const passwords: Database['passwords'] = {
    // Its name in the state is from when it owned the schema: a volume that is there knows no other password.
    master: password(`${name}-owner`, options),
    owner: password(`${name}-schema-owner`, options),
    ...ofRoles(posture, (role) => password(`${name}-${role}`, options)),
    operator: password(`${name}-operator`, options),
  };
  const volume = new docker.Volume(`${name}-database`, {}, { ...options, protect: deletionProtection });
  const server = new docker.Container(
    `${name}-database`,
    {
      ...container({
        image: args.image,
        network: args.network,
        alias: ALIAS,
        command: command(posture),
        env: {
          POSTGRES_USER: MASTER,
          POSTGRES_PASSWORD: passwords.master,
          POSTGRES_DB: NAME,
          // A folder of its own for each major version: they do not read each other's files.
          PGDATA: `${VOLUME}/${version}`,
        },
        // The memory of the instance class; its CPU is what the laptop has. A fast shutdown takes seconds.
        limits: { memory: instanceMemory(posture), cpu: 2048, nofile: 65_536, stopTimeout: 60_000 },
      }),
      // SIGINT is PostgreSQL's fast shutdown; the image's own signal, said aloud.
      stopSignal: 'SIGINT',
      shmSize: 256,
      volumes: [{ volumeName: volume.name, containerPath: VOLUME }],
      healthcheck: {
        tests: ['CMD', 'pg_isready', '-h', '127.0.0.1', '-U', MASTER, '-d', NAME],
        interval: '2s',
        timeout: '2s',
        retries: 30,
      },
      wait: true,
      waitTimeout: 120,
    },
    // Two servers on one volume would destroy it.
    { ...options, deleteBeforeReplace: true },
  );
  return {
    container: server,
    passwords,
    url: (login) =>
      pulumi.secret(
        pulumi.interpolate`postgres://${login === 'master' ? MASTER : login}:${passwords[login]!}@${ALIAS}:5432/${NAME}`,
      ),
  };
}
