/** What features say of themselves, looked at by every worker once in a while: what their alarms are made of. */
import type { FeatureGauges } from '../../contract/health.ts';
import type { Pool } from '../database/pool.ts';
import { describeError, type Logger } from '../log.ts';
import { startLoop } from '../loop.ts';

/** Each reads one gauge of a bot, by its name in /health. */
export type Gauges = { [Name in keyof FeatureGauges]?: (pool: Pool, botId: number) => Promise<FeatureGauges[Name]> };

interface Options {
  gauges: Gauges;
  pool: Pool;
  botId: number;
  /** ms */
  every: number;
  log: Logger;
}

/** One after the other. While the database is away there is nothing to say: that has alarms of its own. */
export function startGauges({ gauges, pool, botId, every, log }: Options): {
  state: () => Partial<FeatureGauges>;
  stop: () => Promise<void>;
} {
  let state: Partial<FeatureGauges> = {};
  const loop = startLoop({
    name: 'gauges',
    every,
    log,
    turn: async () => {
      const read: Record<string, unknown> = {};
      for (const [name, look] of Object.entries(gauges))
        read[name] = await look(pool, botId).catch((error: unknown) => {
          log.warn({ gauge: name, error: describeError(error) }, 'a gauge could not be read');
          return undefined;
        });
      state = read;
    },
  });
  return { state: () => state, stop: () => loop.stop() };
}
