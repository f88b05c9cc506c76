/** What the server has in force against what the posture's tasks will ask for: a static parameter may still wait. */
import type pg from 'pg';
import { demand } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { ConfigError } from '../config.ts';
import type { Logger } from '../log.ts';

const REMEDY = 'restart the server, which puts the new value in force (RDS: aws rds reboot-db-instance)';

/**
 * max_connections of a running server changes by a restart only, whatever its parameters say. One that is enough all
 * the same is told about.
 * @throws {ConfigError} where tasks would be refused at the posture's worst moment
 */
export async function assertCapacity(client: pg.Client, posture: Posture, log: Logger): Promise<void> {
  const { rows } = await client.query<{ found: number; reserved: number }>(
    `SELECT current_setting('max_connections')::int AS found,
            current_setting('superuser_reserved_connections')::int AS reserved`,
  );
  const { found, reserved } = rows[0]!;
  const { maxConnections: wanted, serviceReserved } = posture.database;
  const needed = demand(posture) + reserved + serviceReserved;
  if (found < needed)
    throw new ConfigError([
      `max_connections is ${found} on the server, and the posture needs ${needed} (${demand(posture)} of ours, ${reserved + serviceReserved} reserved): ${REMEDY}, then run the migration again; nothing was changed`,
    ]);
  if (found !== wanted) log.warn({ found, wanted }, `max_connections is not what the posture says; ${REMEDY}`);
}
