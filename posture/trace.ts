/** Who reads what of a posture: a copy that records the leaves that are read through it. */
import type { Posture } from './schema/index.ts';

/** A leaf is a value, or a list as a whole. */
const isSection = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const originals = new WeakMap<object, object>();

/** The posture behind a recorded one, for whoever only writes it down: writing down is not obeying. */
export const original = (posture: Posture): Posture => (originals.get(posture) as Posture | undefined) ?? posture;

function record(section: object, path: string, read: Set<string>): object {
  const recorded = new Map<string, object>();
  const proxy = new Proxy(section, {
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver);
      if (typeof key !== 'string' || !Object.hasOwn(target, key)) return value;
      const own = path === '' ? key : `${path}.${key}`;
      if (!isSection(value)) {
        read.add(own);
        return value;
      }
      const child = recorded.get(key) ?? record(value, own, read);
      recorded.set(key, child);
      return child;
    },
  });
  originals.set(proxy, section);
  return proxy;
}

export interface Traced {
  posture: Posture;
  /** Paths of the leaves that were read so far, in the order in which they were first. */
  read: Set<string>;
}

export function traced(posture: Posture): Traced {
  const read = new Set<string>();
  return { posture: record(original(posture), '', read) as Posture, read };
}

/** Paths of all leaves of a posture, in the order of the schema. */
export const leafPaths = (section: object, path = ''): string[] =>
  Object.entries(section).flatMap(([key, value]) => {
    const own = path === '' ? key : `${path}.${key}`;
    return isSection(value) ? leafPaths(value, own) : [own];
  });
