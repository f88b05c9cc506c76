/** The database: its size, its limits, its timeouts, what it survives. */
import { z } from 'zod';
import { bytes, count, duration, percent } from '../units.ts';

/** Why no timeout may be zero. */
const ZERO = 'zero would mean no limit';

/** Memory of the instance classes that the laws know, in GiB (AWS listing). */
export const INSTANCE_MEMORY_GIB = {
  'db.t4g.micro': 1,
  'db.t4g.small': 2,
  'db.t4g.medium': 4,
  'db.t4g.large': 8,
  'db.m7g.large': 8,
  'db.m7g.xlarge': 16,
  'db.m7g.2xlarge': 32,
  'db.r7g.large': 16,
  'db.r7g.xlarge': 32,
} as const;

const CLOCK = '([01]\\d|2[0-3]):[0-5]\\d';
const DAY = '(mon|tue|wed|thu|fri|sat|sun)';
const BACKUP = new RegExp(`^${CLOCK}-${CLOCK}$`);
const MAINTENANCE = new RegExp(`^${DAY}:${CLOCK}-${DAY}:${CLOCK}$`);

export type InstanceClass = keyof typeof INSTANCE_MEMORY_GIB;

export const database = z
  .strictObject({
    server: z
      .enum(['rds', 'own'])
      .prefault('rds')
      .describe(
        'Whose the server is: "rds" makes one; "own" takes the one that evenkeel:databaseUrl leads to, which costs nothing here. All other keys then say what that server has: its limits, the class with as much memory, how it is backed up.',
      ),
    version: z.enum(['16', '17', '18']).prefault('18').describe('Major version of PostgreSQL.'),
    instance: z
      .enum(Object.keys(INSTANCE_MEMORY_GIB) as [InstanceClass, ...InstanceClass[]])
      .prefault('db.t4g.small')
      .describe('RDS instance class; its memory bounds max_connections.'),
    maxConnections: count(20, 5000).prefault(200).describe('max_connections of the server.'),
    superuserReserved: count(1, 20).prefault(3).describe('superuser_reserved_connections.'),
    serviceReserved: count(0, 50)
      .prefault(12)
      .describe("Connections that the managed service takes: rds_superuser's 2 reserved and about 10 of its own."),
    sharedBuffers: percent('1%', '75%').prefault('25%').describe("Share of the instance's memory for shared_buffers."),
    backendMemory: bytes('1MiB', '1GiB')
      .prefault('5MiB')
      .describe('Memory of one backend (measured on ours: private memory of a backend after a run under load).'),
    timeouts: z
      .strictObject({
        connect: duration('100ms', '1m', ZERO).prefault('1s').describe('Longest TCP and TLS connect to the server.'),
        acquire: duration('100ms', '1m', ZERO)
          .prefault('1s')
          .describe('Longest wait for a pooled connection, connecting included.'),
        statement: duration('100ms', '10m', ZERO)
          .prefault('3s')
          .describe('statement_timeout of every application session.'),
        lock: duration('50ms', '10m', ZERO).prefault('2s').describe('lock_timeout of every application session.'),
        query: duration('100ms', '10m', ZERO)
          .prefault('3500ms')
          .describe('Longest wait of the client for the answer to a query: ends what a dead network would hang.'),
        idleInTransaction: duration('100ms', '1h', ZERO)
          .prefault('10s')
          .describe('idle_in_transaction_session_timeout of every application session.'),
        maxLifetime: duration(
          '10s',
          '24h',
          'zero would mean for ever, and a shorter one opens connections all the time',
        )
          .prefault('15m')
          .describe('Age at which a pooled connection is replaced, jittered by 10 %.'),
      })
      .prefault({}),
    keepalive: z
      .strictObject({
        idle: duration('1s', '2h', 'the server counts whole seconds, and takes 0 for its own default')
          .prefault('10s')
          .describe('tcp_keepalives_idle: silence before the server probes a client.'),
        interval: duration('1s', '10m', 'the server counts whole seconds, and takes 0 for its own default')
          .prefault('5s')
          .describe('tcp_keepalives_interval.'),
        count: count(1, 10).prefault(3).describe('tcp_keepalives_count: probes lost until the backend ends.'),
        checkInterval: duration('100ms', '10m', 'zero would mean never')
          .prefault('5s')
          .describe(
            'client_connection_check_interval: how often a running query looks whether its client is still there.',
          ),
      })
      .prefault({}),
    storage: z
      .strictObject({
        size: bytes('1GiB', '64TiB').prefault('20GiB').describe('Storage at the start.'),
        max: bytes('1GiB', '64TiB').prefault('200GiB').describe('Storage that autoscaling may reach.'),
      })
      .prefault({}),
    multiAz: z.boolean().prefault(true).describe('A standby in another zone.'),
    backups: duration('1d', '365d')
      .prefault('7d')
      .describe('Retention of automated backups and point-in-time recovery.'),
    backupCopy: z
      .strictObject({
        vault: z
          .string()
          .regex(
            /^arn:aws:backup:[a-z0-9-]+:\d{12}:backup-vault:[\w.-]{2,50}$/,
            'the ARN of a backup vault, such as "arn:aws:backup:eu-west-1:210987654321:backup-vault:bots"',
          )
          .describe(
            'Vault of AWS Backup, in another account or region. Of another account it wants evenkeel:kmsKey, and lets this account copy into it.',
          ),
        keep: duration('1d', '3650d').prefault('35d').describe('How long a copy is kept there.'),
      })
      .optional()
      .describe(
        'A daily copy of the backups somewhere else, for the day on which this account is lost or somebody empties it: about 0.10 USD a GB and month, and 0.02 a GB to another region. Without it: all backups are beside the database.',
      ),
    deletionProtection: z.boolean().prefault(true).describe('The server refuses to be deleted.'),
    finalSnapshot: z.boolean().prefault(true).describe('A last snapshot is taken when the server is deleted.'),
    performanceInsights: z.boolean().prefault(true).describe('Query statistics for 7 days, without charge.'),
    maintenanceWindow: z
      .string()
      .regex(MAINTENANCE, 'a weekly window in UTC, such as "sun:03:00-sun:04:00"')
      .prefault('sun:03:00-sun:04:00')
      .describe('Weekly window for maintenance, UTC.'),
    backupWindow: z
      .string()
      .regex(BACKUP, 'a daily window in UTC, such as "01:00-02:00"')
      .prefault('01:00-02:00')
      .describe('Daily window for the backup, UTC.'),
    retention: z
      .strictObject({
        updates: duration('1h', '365d')
          .prefault('6d')
          .describe(
            'How long a processed update is kept: longer than the 24h in which Telegram may deliver it again, shorter than the week after which its ids may begin anywhere.',
          ),
        parked: duration('1d', '365d', 'somebody has to see it first, and the disk has to hold it')
          .prefault('30d')
          .describe('How long an update that was given up is kept for somebody to decide about it.'),
        jobs: duration('1m', '365d').prefault('1h').describe('How long a finished job is kept.'),
        outbox: duration('1h', '365d')
          .prefault('2d')
          .describe('How long a message of the outbox that was sent is kept, without what it said.'),
        callbacks: duration('1d', '3650d', 'what a provider told is asked for days later, when its word is doubted')
          .prefault('90d')
          .describe('How long what a provider told of a payment is kept, byte by byte.'),
        conversation: duration(
          '1d',
          '3650d',
          'an update that is repeated within the day finds the answer that was paid for',
        )
          .prefault('30d')
          .describe('How long messages of a conversation are kept.'),
      })
      .prefault({}),
  })
  .prefault({});
