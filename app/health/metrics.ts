/** `/metrics`: the numbers of the health page for Prometheus, read when they are asked for. */
import { Gauge, type Registry } from 'prom-client';
import { poolCounts, type Pool } from '../database/pool.ts';
import type { Look } from './look.ts';

interface Sources {
  pool: Pool;
  health: { details(): Record<string, unknown> };
  look: () => Promise<Look>;
}

export function registerGauges(registry: Registry, { pool, health, look }: Sources): void {
  const gauge = (name: string, help: string, labelNames: string[], collect: (set: Gauge) => void | Promise<void>) =>
    new Gauge({
      name: `evenkeel_${name}`,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        this.reset();
        await collect(this);
      },
    });

  gauge('pool_connections', 'Pooled database connections by state.', ['state'], (set) => {
    for (const [state, value] of Object.entries(poolCounts(pool))) set.set({ state }, value);
  });
  gauge('role', 'Numbers of this role, by group and name: intake, lanes, providers.', ['group', 'name'], (set) => {
    for (const [group, value] of Object.entries(health.details())) {
      for (const [name, number] of numbersIn(value)) set.set({ group, name }, number);
    }
  });
  gauge(
    'queue',
    'The inbox by queue: pending, lanes, oldestSeconds, parked. Absent while the database is away.',
    ['queue', 'name'],
    async (set) => {
      for (const { queue, ...state } of (await look()).queues ?? []) {
        for (const [name, number] of Object.entries(state)) set.set({ queue, name }, number);
      }
    },
  );
  gauge(
    'work',
    'Jobs by queue and messages of the outbox, of all tasks: due, oldestSeconds, dead. Absent while the database is away.',
    ['group', 'name'],
    async (set) => {
      for (const [group, value] of Object.entries((await look()).work ?? {})) {
        for (const [name, number] of numbersIn(value)) set.set({ group, name }, number);
      }
    },
  );
}

/** Every number in a nested object, its path joined by dots. */
function numbersIn(value: unknown, path = ''): [string, number][] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, path ? `${path}.${key}` : key));
}
