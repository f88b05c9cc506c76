/** Connections of the bench itself, as a worker has them. */
import { createPool, type Pool } from '../../app/database/pool.ts';
import { createLogger } from '../../app/log.ts';
import type { Posture } from '../../posture/schema/index.ts';

export const openPool = (url: string, posture: Posture, more: { max?: number; botId?: number } = {}): Pool =>
  createPool({ url, posture, role: 'worker', log: createLogger('bench', 'warn'), ...more });
