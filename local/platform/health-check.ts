/** Health checks as the load balancer does them: consecutive answers decide, the first good one ends the start. */
import { request } from 'undici';
import type { Health } from '../../contract/health.ts';
import { HEALTH_PATH, LIVE_PATH } from '../../contract/paths.ts';
import type { Posture } from '../../posture/schema/index.ts';

export interface HealthCount {
  state: 'starting' | 'healthy' | 'unhealthy';
  passes: number;
  failures: number;
}

export const NEW_TARGET: HealthCount = { state: 'starting', passes: 0, failures: 0 };

/**
 * What one more check makes of a target. A new target is healthy at its first good answer; later it takes `unhealthy`
 * failures in a row to lose that, and `healthy` passes in a row to win it back.
 */
export function countCheck(
  before: HealthCount,
  passed: boolean,
  rules: Pick<Posture['ingress']['healthCheck'], 'healthy' | 'unhealthy'>,
): HealthCount {
  const passes = passed ? before.passes + 1 : 0;
  const failures = passed ? 0 : before.failures + 1;
  if (failures >= rules.unhealthy) return { state: 'unhealthy', passes, failures };
  if (passes >= (before.state === 'starting' ? 1 : rules.healthy)) return { state: 'healthy', passes, failures };
  return { state: before.state, passes, failures };
}

/** `GET /live` within `timeout` ms: undefined when it passed, else what was wrong. */
export async function checkLive(port: number, timeout: number): Promise<string | undefined> {
  try {
    const answer = await request(`http://127.0.0.1:${port}${LIVE_PATH}`, { signal: AbortSignal.timeout(timeout) });
    await answer.body.dump();
    return answer.statusCode === 200 ? undefined : `${LIVE_PATH} answered ${answer.statusCode}`;
  } catch (error) {
    const { name, code } = error as NodeJS.ErrnoException;
    return name === 'TimeoutError'
      ? `${LIVE_PATH} did not answer within ${timeout} ms`
      : `${LIVE_PATH}: ${code ?? name}`;
  }
}

/** What the operator is told of a task, or undefined when it does not tell. */
export async function readHealth(port: number, token: string, timeout: number): Promise<Health | undefined> {
  try {
    const answer = await request(`http://127.0.0.1:${port}${HEALTH_PATH}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(timeout),
    });
    const health = (await answer.body.json()) as Partial<Health>;
    return health.role === undefined ? undefined : (health as Health);
  } catch {
    return undefined;
  }
}
