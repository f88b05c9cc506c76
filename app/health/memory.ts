import { getHeapStatistics } from 'node:v8';

/** The heap limit that this process runs under, bytes: what the posture derived, as V8 took it. */
export const heapLimitOf = (): number => getHeapStatistics().heap_size_limit;
