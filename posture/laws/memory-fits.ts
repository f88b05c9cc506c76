import {
  BASE_MEMORY,
  bodiesAtOnce,
  bufferMemory,
  heapLimit,
  jobsPerTask,
  LANE_BODIES,
  lanesPerTask,
  MEMORY_SHARE,
  MiB,
  requestsAtOnce,
  rolesOf,
  type Role,
} from '../limits.ts';
import { FARGATE_MEMORY } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { clause, law, size, type Clause } from './law.ts';

/** Live heap of a role at rest: modules, JIT data, pools (measured after start, rounded up). */
const AT_REST: Record<Role, number> = { web: 48 * MiB, worker: 64 * MiB, media: 64 * MiB };
/**
 * A body in the heap of a web task by its bytes, at worst: full of escapes, all bodies in one batch, the batch built a
 * second time for its repeat. Measured: 64 bodies of 256 KiB and of 1 MiB, 32 of 1 MiB, each in the smallest heap in
 * which they survive.
 */
const STORED = 6;
/** A body in the heap of a worker by its bytes: the row, as a string of two bytes a character, and as objects. */
const HANDLED = 5;
/** A handler's own objects beside the history it read: context, update, promises. */
const LANE = 64 * 1024;
/** A job's: its input and its handler's objects. */
const JOB = 64 * 1024;
/** A job's that moves a file as a stream: what a stream reads ahead on each side, in parts of which an object store wants 8 MiB. */
const FILE = 16 * MiB;
/** A history in the heap: two bytes a character, as rows, as messages and as the request's body. */
export const HISTORY_COPIES = 3 * 2;

/** What a role needs in its heap at the worst moment, bytes, and the sum in words. */
export function heapNeeded(posture: Posture, role: Role): { bytes: number; sum: string } {
  if (role === 'web') {
    const bodies = bodiesAtOnce(posture);
    const bytes = AT_REST.web + bodies * STORED;
    return {
      bytes,
      sum: `at rest ${size(AT_REST.web)} + ${requestsAtOnce(posture)} bodies of ${size(bodies)} × ${STORED}`,
    };
  }
  const jobs = jobsPerTask(posture, role);
  if (role === 'media')
    return {
      bytes: AT_REST.media + jobs * FILE,
      sum: `at rest ${size(AT_REST.media)} + ${jobs} files × ${size(FILE)}`,
    };
  const chats = lanesPerTask(posture);
  // Reading ahead ends with the body that goes beyond.
  const bodies = (LANE_BODIES + posture.web.bodyLimit) * HANDLED;
  const each = LANE + posture.history.characters * HISTORY_COPIES + bodies;
  return {
    bytes: AT_REST.worker + chats * each + jobs * JOB,
    sum: `at rest ${size(AT_REST.worker)} + ${chats} lanes × ${size(each)}, bodies of ${size(bodies)} in it, + ${jobs} jobs × ${size(JOB)}`,
  };
}

function heapSuffices(posture: Posture, role: Role): Clause {
  const { memory } = posture[role];
  const needed = heapNeeded(posture, role);
  const limit = heapLimit(posture, role);
  const holds = needed.bytes <= limit;
  const derived = `${Math.round(MEMORY_SHARE * 100)} % of ${size(memory)} − base ${size(BASE_MEMORY)} − buffers ${size(bufferMemory(posture, role))}`;
  return clause(
    holds,
    `${role}: ${needed.sum} = ${size(needed.bytes)} ${holds ? '≤' : '>'} heap limit ${size(limit)} = ${derived}`,
    `${role}: a heap limit of at least ${size(needed.bytes)}`,
    size(limit),
  );
}

/** Fargate sells memory by CPU; another size fails only when the task is to be placed. */
function sizeExists(posture: Posture, role: Role): Clause {
  const { cpu, memory } = posture[role];
  const holds = FARGATE_MEMORY[cpu].includes(memory);
  const offered = FARGATE_MEMORY[cpu].map(size).join(', ');
  return clause(
    holds,
    `${role}.memory ${size(memory)} ${holds ? 'is one of' : 'is none of'} Fargate's for cpu ${cpu}: ${offered}`,
    `${role}.memory one of ${offered}`,
    size(memory),
  );
}

/** What a task holds at its fullest fits its memory, and the heap limit makes V8 collect before the kernel kills. */
export const memoryFits = law({
  name: 'memory.fits',
  prevents: ['oom', 'history-memory'],
  says: 'Heap, bodies and streams of a full task stay within 85 % of its memory; the heap limit is derived from it.',
  clauses: (posture) => rolesOf(posture).flatMap((role) => [heapSuffices(posture, role), sizeExists(posture, role)]),
});
