/** Who does the jobs that the posture declares. */
import type { Api } from 'grammy';
import type { Posture } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import type { Schedules } from '../jobs/index.ts';
import type { Jobs } from '../jobs/job.ts';
import { remind } from './remind/job.ts';
import { starSchedules } from './wallet/reconcile.ts';
import { refund } from './wallet/refund.ts';

export interface JobNeeds {
  pool: Pool;
  posture: Posture;
  botId: number;
  /** Telegram's, under the declared policy. A send has no idempotency key: what must not be said twice goes by the outbox. */
  api: Api;
}

export const jobsOf = (needs: JobNeeds): Jobs => ({ remind, refund: refund(needs) });

export const schedulesOf = (needs: JobNeeds): Schedules => starSchedules(needs);
