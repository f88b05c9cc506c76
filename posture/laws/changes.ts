/** The smallest single change that satisfies a broken law: one key at a time, up and down, never at another law's cost. */
import { FARGATE_MEMORY } from '../outside.ts';
import { valueAt, withValue } from '../path.ts';
import { jsonSchema, spellOut } from '../resolve.ts';
import { INSTANCE_MEMORY_GIB } from '../schema/database.ts';
import { z } from 'zod';
import { postureSchema, type Posture } from '../schema/index.ts';
import { traced } from '../trace.ts';
import type { Law, Violation } from './law.ts';

/** A key to search for the smallest change, alone or together with one that has to follow it. */
type Key = string | { key: string; needs: string };

/** Keys that cannot go far alone, and what follows them. */
const FOLLOWERS: Readonly<Record<string, string>> = {
  'database.maxConnections': 'database.instance',
  'web.tasks.min': 'web.tasks.max',
  'worker.tasks.min': 'worker.tasks.max',
  'media.tasks.min': 'media.tasks.max',
};

/**
 * What is so, and not chosen: what was measured, what others take, what is expected, what the stack is for. A posture
 * becomes no better by saying otherwise, so no law is mended by it.
 */
const FACTS: readonly RegExp[] = [
  /^stage$/,
  /^features\./,
  /^database\.(backendMemory|serviceReserved|superuserReserved)$/,
  /^rollout\.boot$/,
  /^providers\.openrouter\.contextTokens$/,
];

/** The keys whose values could satisfy a law: those that it reads, each alone, then those that need another to follow. */
function keysOf(posture: Posture, law: Law): Key[] {
  const { posture: recorded, read } = traced(posture);
  law.check(recorded);
  const own = [...read].filter((key) => !FACTS.some((fact) => fact.test(key)));
  const together = own.flatMap((key) => {
    const needs = FOLLOWERS[key];
    return needs === undefined ? [] : [{ key, needs }];
  });
  return [...own, ...together];
}

/** One change of a key, as a person would write it. */
export interface Change {
  path: string;
  from: string;
  to: string;
  /** A second key that has to follow. */
  needs?: { path: string; from: string; to: string };
  /** With this change every law holds. */
  complete: boolean;
}

interface Candidate {
  posture: Posture;
  distance: number;
  complete: boolean;
}

type Judge = (candidate: Posture) => Candidate['complete'] | undefined;

/** Grows by a quarter, so that a narrow band of good values is seldom jumped over. */
const STRIDES = Array.from({ length: 52 }, (_, index) => Math.max(index + 1, Math.round(1.25 ** index)));

/** The grain in which a person would think of a value of this kind and size. */
function grain(value: number, written: unknown): number {
  if (typeof written === 'number') return 1;
  const text = String(written);
  const steps = text.endsWith('%')
    ? [[Infinity, 0.01]]
    : text.endsWith('B')
      ? [
          [16 * 2 ** 20, 64 * 2 ** 10],
          [2 ** 30, 256 * 2 ** 20],
          [Infinity, 2 ** 30],
        ]
      : [
          [100, 1],
          [10_000, 100],
          [600_000, 1000],
          [86_400_000, 60_000],
          [Infinity, 3_600_000],
        ];
  return steps.find(([below]) => value < below!)![1]!;
}

/** Makes a posture of a value of the key, the companion following where there is one. */
type Setter = (value: unknown) => Posture[];

function setter(posture: Posture, key: Key): Setter {
  if (typeof key === 'string') return (value) => [withValue(posture, key, value)];
  const companion = valueAt(posture, key.needs);
  if (typeof companion === 'number')
    return (value) =>
      (value as number) > companion ? [withValue(withValue(posture, key.key, value), key.needs, value)] : [];
  return (value) =>
    alternatives(posture, key.needs).map((other) => withValue(withValue(posture, key.key, value), key.needs, other));
}

/** Sizes of a task come in steps that somebody else chose. */
const SIZES = /^(web|worker|media)\.(cpu|memory)$/;

/** Values of a key that cannot be counted up, the nearest first. */
function alternatives(posture: Posture, path: string): unknown[] {
  const value = valueAt(posture, path);
  if (typeof value === 'boolean') return [!value];
  if (path.endsWith('.cpu')) return Object.keys(FARGATE_MEMORY).map(Number);
  if (path.endsWith('.memory')) return [...new Set(Object.values(FARGATE_MEMORY).flat())];
  if (path !== 'database.instance') return [];
  const classes = Object.entries(INSTANCE_MEMORY_GIB);
  const own = INSTANCE_MEMORY_GIB[value as keyof typeof INSTANCE_MEMORY_GIB];
  return classes
    .filter(([, memory]) => memory > own)
    .sort(([, a], [, b]) => a - b)
    .map(([name]) => name);
}

function firstGood(postures: Posture[], judge: Judge): Omit<Candidate, 'distance'> | undefined {
  for (const posture of postures) {
    const complete = judge(posture);
    if (complete !== undefined) return { posture, complete };
  }
  return undefined;
}

/** The range that the schema gives a number at a path; a quantity with a unit has none but 0. */
function range(path: string): [least: number, most: number] {
  const schema = path
    .split('.')
    .reduce<unknown>(
      (node, step) => (node as { properties?: Record<string, unknown> } | undefined)?.properties?.[step],
      jsonSchema(),
    );
  const { minimum = 0, maximum = Infinity } = (schema ?? {}) as { minimum?: number; maximum?: number };
  return [minimum, maximum];
}

/** Walks away from the value in growing strides until a value is good, then back to the nearest good one. */
function nearestNumber(
  from: number,
  step: number,
  within: [number, number],
  set: Setter,
  judge: Judge,
): Candidate | undefined {
  const at = (strides: number) => Number((from + strides * step).toFixed(6));
  const tried = (strides: number) => firstGood(set(at(strides)), judge);
  const last = Math.floor(Number((Math.abs((step > 0 ? within[1] : within[0]) - from) / Math.abs(step)).toFixed(6)));
  let bad = 0;
  for (const stride of STRIDES) {
    const strides = Math.min(stride, last);
    if (strides <= bad) return undefined;
    const found = tried(strides);
    if (found) {
      const good = firstTrue(bad, strides, (middle) => tried(middle) !== undefined);
      return { ...(tried(good) ?? found), distance: distance(from, at(good), step) };
    }
    bad = strides;
  }
  return undefined;
}

/** The least number above `no` that is true, `yes` being true. */
function firstTrue(no: number, yes: number, is: (value: number) => boolean): number {
  while (yes - no > 1) {
    const middle = Math.floor((yes + no) / 2);
    if (is(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}

/** How far apart in proportion; a step away from nothing is a quarter of it. */
function distance(from: number, to: number, step: number): number {
  const least = Math.abs(step) / 4;
  return Math.abs(Math.log(Math.max(to, least) / Math.max(from, least)));
}

function candidates(posture: Posture, key: Key, judge: Judge): Candidate[] {
  const path = typeof key === 'string' ? key : key.key;
  const value = valueAt(posture, path);
  const set = setter(posture, key);
  const step = typeof value === 'number' ? grain(value, valueAt(spellOut(posture), path)) : 0;
  const extra = typeof key === 'string' ? 0 : 0.5;
  const found =
    typeof value === 'number' && !SIZES.test(path)
      ? [1, -1].map((sign) => nearestNumber(value, sign * step, range(path), set, judge))
      : alternatives(posture, path).map((other) => {
          const good = firstGood(set(other), judge);
          return good && { ...good, distance: typeof other === 'number' ? distance(value as number, other, 0) : 1 };
        });
  return found.filter((one) => one !== undefined).map((one) => ({ ...one, distance: one.distance + extra }));
}

/** Whether the schema takes the candidate: values in their ranges, `min` not above `max`. */
const acceptable = (candidate: Posture): boolean => z.safeEncode(postureSchema, candidate).success;

function describe(posture: Posture, key: Key, { posture: changed, complete }: Candidate): Change {
  const [before, after] = [spellOut(posture), spellOut(changed)];
  const step = (path: string) => ({ path, from: String(valueAt(before, path)), to: String(valueAt(after, path)) });
  if (typeof key === 'string') return { ...step(key), complete };
  const needs = step(key.needs);
  return { ...step(key.key), ...(needs.from === needs.to ? {} : { needs }), complete };
}

/**
 * Up to `most` changes that satisfy the violated clause and break nothing that held: first those with which every law
 * holds, then the smallest in proportion.
 */
export function smallestChanges(posture: Posture, violation: Violation, laws: readonly Law[], most = 3): Change[] {
  const broken = laws.find(({ name }) => name === violation.law)!;
  const before = new Map(laws.map((law) => [law, law.check(posture).violations.length]));
  const judge: Judge = (candidate) => {
    const verdict = broken.check(candidate);
    if (!verdict.clauses[violation.clause]?.holds || verdict.violations.length >= before.get(broken)!) return undefined;
    let left = verdict.violations.length;
    for (const law of laws) {
      if (law === broken) continue;
      const count = law.check(candidate).violations.length;
      if (count > before.get(law)!) return undefined;
      left += count;
    }
    return acceptable(candidate) ? left === 0 : undefined;
  };
  const found = keysOf(posture, broken).flatMap((key) =>
    candidates(posture, key, judge).map((candidate) => ({ key, candidate })),
  );
  return found
    .filter(({ key }) => typeof key === 'string' || !found.some((other) => other.key === key.needs))
    .sort(
      (a, b) =>
        Number(b.candidate.complete) - Number(a.candidate.complete) || a.candidate.distance - b.candidate.distance,
    )
    .filter(({ key }, index, all) => all.findIndex((other) => pathOf(other.key) === pathOf(key)) === index)
    .slice(0, most)
    .map(({ key, candidate }) => describe(posture, key, candidate));
}

const pathOf = (key: Key): string => (typeof key === 'string' ? key : key.key);

/** `worker.pool 12 → 1`, `database.maxConnections 200 → 462 (needs database.instance db.t4g.small → db.m7g.large)`. */
export const writeChange = ({ path, from, to, needs }: Change): string =>
  `${path} ${from} → ${to}${needs ? ` (needs ${needs.path} ${needs.from} → ${needs.to})` : ''}`;
