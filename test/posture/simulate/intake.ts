/**
 * Telegram keeps all its webhook connections busy while the database stalls and a zone is lost in the midst of a deploy.
 * The balancer sends each request to the task with the fewest. Times in ms.
 */
import { WRITERS } from '../../../posture/limits.ts';
import { ECS } from '../../../posture/outside.ts';
import type { Posture } from '../../../posture/schema/index.ts';

/** How a batch fares: shares of the acquire and of the query timeout that it takes; at 1 it fails. */
export interface Stall {
  acquire: number;
  query: number;
}

interface Task {
  zone: number;
  /** When each writer is free again. */
  writers: number[];
  /** Requests open, by when they end. */
  open: number[];
}

export interface IntakeResult {
  /** Requests refused because a task had as many as it accepts. */
  refused: number;
  /** Longest time from a request to the outcome of its batch, where a writer was free for it. */
  longestDirect: number;
  /** Requests that ran into the ack deadline behind batches before them; answered 503 at the deadline. */
  cut: number;
}

/** @param requests requests that are sent, one for each that ends */
export function simulateIntake(
  posture: Posture,
  stalls: readonly Stall[],
  requests: number,
  lossAt: number,
): IntakeResult {
  const { maxConnections, ackDeadline } = posture.telegram;
  const { web, network, database, rollout } = posture;
  const least = Math.min(web.tasks.min, ECS.leastRunning(web.tasks.min, rollout.minimumHealthy));
  let tasks: Task[] = Array.from({ length: least }, (_, index) => ({
    zone: index % network.zones,
    writers: Array.from({ length: WRITERS }, () => 0),
    open: [],
  }));
  const result: IntakeResult = { refused: 0, longestDirect: 0, cut: 0 };
  // When each of Telegram's connections is free for its next request.
  const connections = Array.from({ length: maxConnections }, () => 0);

  for (let sent = 0; sent < requests; sent++) {
    const now = Math.min(...connections);
    const connection = connections.indexOf(now);
    if (sent === lossAt && network.zones > 1 && posture.stage === 'production')
      tasks = tasks.filter(({ zone }) => zone !== 0);
    for (const task of tasks) task.open = task.open.filter((end) => end > now);
    const task = tasks.reduce<Task | undefined>((a, b) => (a && a.open.length <= b.open.length ? a : b), undefined);
    if (!task || task.open.length >= web.maxInFlight) {
      result.refused += 1;
      connections[connection] = now + posture.telegram.retryAfter;
      continue;
    }
    const stall = stalls[sent % stalls.length]!;
    const { acquire, query } = database.timeouts;
    const takes = acquire * stall.acquire + (stall.acquire >= 1 ? 0 : query * stall.query);
    const writer = task.writers.indexOf(Math.min(...task.writers));
    const direct = task.writers[writer]! <= now + web.gather;
    const outcome = Math.max(now + web.gather, task.writers[writer]!) + takes;
    // Those who come meanwhile share the next batch; that they would each wait in turn is worse than what happens.
    task.writers[writer] = outcome;
    if (direct) result.longestDirect = Math.max(result.longestDirect, outcome - now);
    if (outcome - now > ackDeadline) result.cut += 1;
    const end = Math.min(outcome, now + ackDeadline);
    task.open.push(end);
    connections[connection] = end;
  }
  return result;
}
