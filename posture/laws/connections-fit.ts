import {
  connectionsPerTask,
  demand,
  instanceMemory,
  MIGRATE_CONNECTIONS,
  otherConnections,
  peakConnections,
  peakTasks,
  rolesOf,
  usableConnections,
  type Role,
} from '../limits.ts';
import { RDS } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { clause, law, size, type Clause } from './law.ts';

/** Share of the instance's memory that shared_buffers and backends may take; the rest is the system's page cache. */
const AFFORDABLE = 0.75;

/** `worker 8×9 + 4×9 = 108`: tasks of a deploy, and beside it STOPPING or lost ones, by the connections of one. */
function peakSum(posture: Posture, role: Role): string {
  const { deploying, overlapping, lost } = peakTasks(posture, role);
  const each = connectionsPerTask(posture, role);
  const beside = overlapping >= lost ? `${overlapping}×${each} stopping` : `${lost}×${each} lost`;
  return `${role} ${deploying}×${each} + ${beside} = ${peakConnections(posture, role)}`;
}

function demandFits(posture: Posture): Clause {
  const { maxConnections, superuserReserved, serviceReserved } = posture.database;
  const wanted = demand(posture);
  const usable = usableConnections(posture);
  const holds = wanted <= usable;
  const others = `migrate ${MIGRATE_CONNECTIONS} + sentinel ${posture.sentinel.connections} + operators ${posture.rollout.operators} = ${otherConnections(posture)}`;
  const roles = rolesOf(posture)
    .map((role) => peakSum(posture, role))
    .join(', ');
  const limit = `${usable} usable of ${maxConnections} − ${superuserReserved} superuser − ${serviceReserved} service`;
  return clause(
    holds,
    `${roles}, ${others}: ${wanted} ${holds ? '≤' : '>'} ${limit}`,
    `all connections at most ${usable}`,
    String(wanted),
  );
}

function memoryBears(posture: Posture): Clause {
  const { sharedBuffers, maxConnections, backendMemory, instance } = posture.database;
  const memory = instanceMemory(posture);
  const buffers = memory * sharedBuffers;
  const backends = maxConnections * backendMemory;
  const bearable = memory * AFFORDABLE;
  const holds = buffers + backends <= bearable;
  const ordinary = RDS.defaultMaxConnections(memory);
  const word = maxConnections > ordinary ? `; above RDS's own default of ${ordinary}` : '';
  return clause(
    holds,
    `shared_buffers ${size(buffers)} + ${maxConnections} × ${size(backendMemory)} = ${size(buffers + backends)} ${holds ? '≤' : '>'} 75 % of ${size(memory)} of ${instance} = ${size(bearable)}${word}`,
    `shared_buffers and all backends in at most ${size(bearable)}`,
    size(buffers + backends),
  );
}

/** Every connection that may be wanted at once is there, and the server's memory bears them all. */
export const connectionsFit = law({
  name: 'connections.fit',
  prevents: ['pool-exhaustion', 'db-quota', 'lifecycle-hooks'],
  says: 'All connections that tasks, deploys, lost hosts, migrations, the sentinel and people may hold at once fit the server and its memory.',
  clauses: (posture) => [demandFits(posture), memoryBears(posture)],
});
