/**
 * Parameters of the PostgreSQL server that follow from the posture, the same on the laptop, in Docker and on RDS.
 * statement_timeout, lock_timeout and idle_in_transaction_session_timeout are not here: the application sets them on its
 * own sessions, so that a migration, a backup or a person in psql is not cut off. shared_buffers depends on the machine.
 */
import { keepaliveTimeout } from './limits.ts';
import type { Posture } from './schema/index.ts';

export interface ServerParameter {
  name: string;
  /** In the parameter's base unit, without a unit, as both postgresql.conf and RDS take it. */
  value: string;
  /** How RDS applies a change: a static parameter needs a reboot, a dynamic one none. */
  applyMethod: 'pending-reboot' | 'immediate';
}

const seconds = (milliseconds: number): number => Math.max(1, Math.ceil(milliseconds / 1000));
const fixed = (name: string, value: string | number): ServerParameter => ({
  name,
  value: String(value),
  applyMethod: 'pending-reboot',
});
const dynamic = (name: string, value: string | number): ServerParameter => ({
  name,
  value: String(value),
  applyMethod: 'immediate',
});

export function serverParameters(posture: Posture): ServerParameter[] {
  const { database } = posture;
  const { keepalive, timeouts } = database;
  return [
    fixed('max_connections', database.maxConnections),
    fixed('superuser_reserved_connections', database.superuserReserved),

    // A dead client's connection is freed (fault lifecycle-hooks): idle by keepalive, in a query by the check interval,
    // while an answer is being sent by tcp_user_timeout, which keepalive does not cover.
    dynamic('tcp_keepalives_idle', seconds(keepalive.idle)),
    dynamic('tcp_keepalives_interval', seconds(keepalive.interval)),
    dynamic('tcp_keepalives_count', keepalive.count),
    dynamic('tcp_user_timeout', keepaliveTimeout(posture)),
    dynamic('client_connection_check_interval', keepalive.checkInterval),

    // An acknowledged update is on disk (fault false-200).
    dynamic('synchronous_commit', 'on'),
    // The database's clock decides, in UTC (fault clock-skew).
    dynamic('timezone', 'UTC'),

    // The inbox and the queue are small tables that change fast: without frequent analysis a burst is planned with the
    // statistics of an empty table.
    dynamic('autovacuum_naptime', 15),
    dynamic('autovacuum_vacuum_scale_factor', 0.05),
    dynamic('autovacuum_analyze_scale_factor', 0.02),
    // Hot queries are short: compiling them costs more than running them, and memory per backend.
    dynamic('jit', 'off'),
    // SSD: an index page costs about what a sequential one does.
    dynamic('random_page_cost', 1.1),

    // What on-call wants to find in the log: waits for locks, and whatever took half of its statement timeout.
    dynamic('log_lock_waits', 'on'),
    dynamic('deadlock_timeout', Math.max(100, Math.floor(timeouts.lock / 2))),
    dynamic('log_min_duration_statement', Math.max(100, Math.floor(timeouts.statement / 2))),
    // With its text only: the values are what people wrote. (Those of a failed statement are left out by default.)
    dynamic('log_parameter_max_length', 0),
    dynamic('log_autovacuum_min_duration', 10_000),
    dynamic('track_io_timing', 'on'),
  ];
}
