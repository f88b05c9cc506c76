/** Replaced below. */
import type { Place } from './place.ts';
export function inAws(_: {
  prefix: string;
  stack: string;
  file: string;
  config: Readonly<Record<string, unknown>>;
}): Promise<Place> {
  throw new Error('not yet');
}
