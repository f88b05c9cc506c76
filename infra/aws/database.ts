/**
 * The database: RDS PostgreSQL with the posture's limits, and one login a role.
 *
 * Logins are managed secrets, a random password each, and not IAM authentication. The container's contract stays the
 * same as on a laptop (a `DATABASE_URL`), the image needs no AWS library, and a reconnect storm after a failover is not
 * met by the rate limit of token signing and its 15-minute tokens (fault db-drop).
 */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { serverParameters, type ServerParameter } from '../../posture/server-parameters.ts';
import { ofRoles, type OfRoles, type Role } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { DATABASE_PORT } from './firewall.ts';
import { sealedBy } from './key.ts';
import { logRetentionDays, toDays, toGiB } from './names.ts';
import { password } from './secrets.ts';

/** Where the image has the certificate authorities of RDS; see the Dockerfile. */
export const CA_BUNDLE = '/etc/ssl/rds/global-bundle.pem';
/** Logs of the server that go to CloudWatch. */
const EXPORTED_LOGS = ['postgresql', 'upgrade'] as const;
const DATABASE_NAME = 'evenkeel';
/** The server's master: makes the roles, and nothing else. Another name would be another server. */
const MASTER = 'evenkeel';

/** What RDS does not let anyone change: it keeps PostgreSQL's own 3, and `checks.ts` refuses a posture with fewer. */
const FIXED_BY_RDS = ['superuser_reserved_connections'];

/**
 * What PostgreSQL itself, or RDS, has anyway: AWS reports those as `pending-reboot` whatever was sent, and each plan would
 * show them as a change (provider documentation, "Problematic Plan Changes"). Sent, they change nothing at any time.
 */
const RDS_DEFAULTS: Readonly<Record<string, string>> = {
  synchronous_commit: 'on',
  timezone: 'UTC',
  autovacuum_naptime: '15',
  log_autovacuum_min_duration: '10000',
};

/** RDS keeps switches as 0 and 1, and says them back so. */
const SWITCHES: Readonly<Record<string, string>> = { on: '1', off: '0' };
/** A choice of more than two values, though it looks like a switch. */
const NO_SWITCH = ['synchronous_commit'];

/** A parameter as AWS will report it: written in another way, every refresh would find a difference that no `up` mends. */
function asRdsSaysBack({ name, value, applyMethod }: ServerParameter): ServerParameter {
  const kept = NO_SWITCH.includes(name) ? value : (SWITCHES[value] ?? value);
  return { name, value: kept, applyMethod: RDS_DEFAULTS[name] === value ? 'pending-reboot' : applyMethod };
}

/** In pages of 8 KiB, as RDS's own default is written: a quarter of the memory is {DBInstanceClassMemory/32768}. */
export const sharedBuffers = ({ database }: Posture): string =>
  `{DBInstanceClassMemory/${Math.ceil(8192 / database.sharedBuffers)}}`;

/** The server's master, and the roles that the migration makes. */
export type Login = 'master' | 'owner' | 'operator' | Role;
/** Of each login but the master's; of media tasks where there are such. */
export type Passwords = OfRoles<pulumi.Output<string>> & Record<'owner' | 'operator', pulumi.Output<string>>;

/** @throws for the login of tasks that the posture has none of */
export function passwordOf<L extends Login>(
  passwords: Partial<Record<L, pulumi.Output<string>>>,
  login: L,
): pulumi.Output<string> {
  const password = passwords[login];
  if (!password) throw new Error(`there is no login ${login}`);
  return password;
}

/** What everything else asks of a database, whoever has the server. */
export interface DatabaseServer extends pulumi.ComponentResource {
  /** Name of the server in RDS, for alarms and events; known before the server is. Absent where it is not of this stack. */
  readonly identifier: string | undefined;
  readonly instance: aws.rds.Instance | undefined;
  readonly passwords: Passwords;
  /** `DATABASE_URL` of a login: TLS with the server's name verified. */
  url(login: Login): pulumi.Output<string>;
}

export interface DatabaseArgs {
  /**
   * `database`: instance (default db.t4g.small, about 27 USD a month, twice with `multiAz`), storage (0.14 USD a GB and
   * month, twice with `multiAz`), timeouts, backups. `oncall.logRetention`: how long the server's log is kept.
   *
   * A change of a static parameter (`maxConnections`, `sharedBuffers`) is in force after the next restart of the
   * server: `aws rds reboot-db-instance --db-instance-identifier <name> --force-failover`, about a minute with Multi-AZ.
   */
  posture: Posture;
  /** Subnets without a route out, two zones or more. */
  subnetIds: pulumi.Input<string>[];
  securityGroupId: pulumi.Input<string>;
  /** Snapshot that a new server is restored from. Default: an empty server. Read only when the server is created. */
  restoreSnapshot: string | undefined;
  /** Major version to which a standing server may be upgraded. Default: RDS refuses to. */
  majorUpgrade: string | undefined;
  /** ARN of the key that encrypts it; the server's read when it is made. Default: AWS's own. */
  kmsKey: string | undefined;
}

export class Database extends pulumi.ComponentResource implements DatabaseServer {
  /** Name of the server in RDS, for alarms and events; known before the server is. */
  readonly identifier: string;
  readonly instance: aws.rds.Instance;
  readonly passwords: Passwords & { master: pulumi.Output<string> };

  constructor(name: string, args: DatabaseArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Database', name, {}, options);
    this.identifier = name;
    const own = { parent: this };
    this.passwords = {
      // Its name in the state is from when the master owned the schema: another would be another password.
      master: password(`${name}-owner`, own),
      owner: password(`${name}-schema-owner`, own),
      ...ofRoles(args.posture, (role) => password(`${name}-${role}`, own)),
      operator: password(`${name}-operator`, own),
    };
    const parameters = this.#parameters(name, args.posture);
    const subnets = new aws.rds.SubnetGroup(name, { subnetIds: args.subnetIds }, own);
    const logs = EXPORTED_LOGS.map((log) => this.#log(name, log, args));
    this.instance = this.#server(name, args, { parameters, subnets, logs });
    this.registerOutputs({ identifier: this.identifier });
  }

  /** `DATABASE_URL` of a login: TLS with the server's name verified against the CA in the image. */
  url(login: Login): pulumi.Output<string> {
    const user = login === 'master' ? MASTER : login;
    const tls = `sslmode=verify-full&sslrootcert=${CA_BUNDLE}`;
    return pulumi.secret(
      pulumi.interpolate`postgres://${user}:${passwordOf(this.passwords, login)}@${this.instance.address}:${DATABASE_PORT}/${DATABASE_NAME}?${tls}`,
    );
  }

  #parameters(name: string, posture: Posture): aws.rds.ParameterGroup {
    return new aws.rds.ParameterGroup(
      `${name}-${posture.database.version}`,
      {
        family: `postgres${posture.database.version}`,
        description: 'Limits and timeouts that follow from the posture',
        parameters: [
          ...serverParameters(posture)
            .filter(({ name }) => !FIXED_BY_RDS.includes(name))
            .map(asRdsSaysBack),
          { name: 'shared_buffers', value: sharedBuffers(posture), applyMethod: 'pending-reboot' },
          { name: 'rds.force_ssl', value: '1', applyMethod: 'pending-reboot' },
          // The server's own default, said aloud: a replaced list would drop what Performance Insights reads.
          { name: 'shared_preload_libraries', value: 'pg_stat_statements', applyMethod: 'pending-reboot' },
        ],
      },
      { parent: this },
    );
  }

  /** RDS makes such a group itself, and would keep it for ever. */
  #log(name: string, log: string, { posture, kmsKey }: DatabaseArgs): aws.cloudwatch.LogGroup {
    return new aws.cloudwatch.LogGroup(
      `${name}-${log}`,
      {
        name: `/aws/rds/instance/${name}/${log}`,
        retentionInDays: logRetentionDays(posture.oncall.logRetention),
        ...sealedBy(kmsKey),
      },
      { parent: this },
    );
  }

  #server(
    name: string,
    { posture, securityGroupId, restoreSnapshot, majorUpgrade, kmsKey }: DatabaseArgs,
    made: { parameters: aws.rds.ParameterGroup; subnets: aws.rds.SubnetGroup; logs: aws.cloudwatch.LogGroup[] },
  ): aws.rds.Instance {
    const { database } = posture;
    return new aws.rds.Instance(
      name,
      {
        identifier: name,
        engine: 'postgres',
        engineVersion: database.version,
        autoMinorVersionUpgrade: true,
        // Minutes of outage, and no way back but a snapshot: not by a slip in the posture.
        allowMajorVersionUpgrade: majorUpgrade === database.version,
        instanceClass: database.instance,
        dbName: DATABASE_NAME,
        port: DATABASE_PORT,
        username: MASTER,
        password: this.passwords.master,
        parameterGroupName: made.parameters.name,
        dbSubnetGroupName: made.subnets.name,
        vpcSecurityGroupIds: [securityGroupId],
        publiclyAccessible: false,
        caCertIdentifier: 'rds-ca-rsa2048-g1',

        storageType: 'gp3',
        allocatedStorage: toGiB(database.storage.size),
        maxAllocatedStorage: toGiB(database.storage.max),
        storageEncrypted: true,
        ...sealedBy(kmsKey),

        multiAz: database.multiAz,
        backupRetentionPeriod: toDays(database.backups),
        backupWindow: database.backupWindow,
        maintenanceWindow: database.maintenanceWindow,
        copyTagsToSnapshot: true,
        deleteAutomatedBackups: false,
        deletionProtection: database.deletionProtection,
        skipFinalSnapshot: !database.finalSnapshot,
        ...(database.finalSnapshot && {
          finalSnapshotIdentifier: this.#finalSnapshot(name, made.subnets, restoreSnapshot),
        }),
        ...(restoreSnapshot !== undefined && { snapshotIdentifier: restoreSnapshot }),

        // What was called Performance Insights, in the form that costs nothing.
        databaseInsightsMode: 'standard',
        performanceInsightsEnabled: database.performanceInsights,
        ...(database.performanceInsights && {
          performanceInsightsRetentionPeriod: 7,
          ...(kmsKey !== undefined && { performanceInsightsKmsKeyId: kmsKey }),
        }),
        enabledCloudwatchLogsExports: [...EXPORTED_LOGS],
        applyImmediately: true,
      },
      {
        parent: this,
        dependsOn: made.logs,
        // Its name is its own: there cannot be two of them.
        deleteBeforeReplace: true,
        protect: database.deletionProtection,
        // A snapshot is where a server came from, not what it is: the key may go again without a new server. And another key of
        // encryption would be another server, empty.
        ignoreChanges: ['snapshotIdentifier', 'kmsKeyId', 'performanceInsightsKmsKeyId'],
        customTimeouts: { create: '60m', update: '80m', delete: '60m' },
      },
    );
  }

  /**
   * Its own name for each server, so that the last snapshot of one never stands in the way of the next: another network
   * or another origin is another server. A new name for one that stays changes nothing but the state.
   */
  #finalSnapshot(name: string, subnets: aws.rds.SubnetGroup, origin = 'empty'): pulumi.Output<string> {
    const id = new random.RandomId(
      `${name}-final-snapshot`,
      { byteLength: 4, keepers: { subnets: subnets.id, origin } },
      { parent: this },
    );
    return pulumi.interpolate`${name}-final-${id.hex}`;
  }
}
