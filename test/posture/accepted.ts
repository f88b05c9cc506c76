/** Random postures that every law accepts: the defaults, with some keys at their bounds and others anywhere between. */
import { z } from 'zod';
import { laws } from '../../posture/laws/index.ts';
import { withValue } from '../../posture/path.ts';
import { PostureError, resolve } from '../../posture/resolve.ts';
import { postureSchema, type Posture } from '../../posture/schema/index.ts';
import { bytes, duration, formatBytes, formatDuration, formatPercent, percent } from '../../posture/units.ts';

interface Node {
  properties?: Record<string, Node>;
  type?: string;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  least?: string;
  most?: string;
}

type Random = () => number;

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A machine under load needs its time: deadlines are drawn from a second on, or the test would be one of its speed. */
const DEADLINE = /(timeout|timeouts\.\w+|ackDeadline|handler|maxLag|patience)$/;
const SECOND = 1000;

const UNITS = [
  [/(ms|[smhd])$/, duration('0ms', '100000d'), formatDuration],
  [/B$/, bytes('0B', '1024TiB'), formatBytes],
  [/%$/, percent('0%', '10000%'), formatPercent],
] as const;

/** Half of all draws are bounds; the others lie between, small ones as likely as large ones. */
function number(least: number, most: number, next: Random): number {
  if (next() < 0.5) return next() < 0.5 ? least : most;
  const from = Math.max(least, 1e-3);
  return Math.min(most, Math.max(least, from * (most / from) ** next()));
}

function draw(path: string, node: Node, next: Random): unknown {
  if (node.enum) return node.enum[Math.floor(next() * node.enum.length)];
  if (node.type === 'boolean') return next() < 0.5;
  if (node.type === 'integer') return Math.round(number(node.minimum!, node.maximum!, next));
  const unit = UNITS.find(([ending]) => ending.test(node.least ?? ''));
  if (!unit) return undefined;
  const [, codec, format] = unit;
  const [least, most] = [z.decode(codec, node.least!), z.decode(codec, node.most!)];
  const value = number(DEADLINE.test(path) ? Math.max(least, SECOND) : least, most, next);
  return format(format === formatPercent ? Math.round(value * 100) / 100 : Math.round(value));
}

function leaves(node: Node, path: string[] = []): [path: string, node: Node][] {
  if (!node.properties) return [[path.join('.'), node]];
  return Object.entries(node.properties).flatMap(([key, child]) => leaves(child, [...path, key]));
}

const ALL = leaves(z.toJSONSchema(postureSchema, { io: 'input' }) as Node);

function accepted(values: unknown): Posture | undefined {
  try {
    const posture = resolve(values);
    return laws.every((law) => law.check(posture).holds) ? posture : undefined;
  } catch (error) {
    if (error instanceof PostureError) return undefined;
    throw error;
  }
}

/** Turns many keys one after the other, and leaves each as it was where a law says no. */
export function acceptedPosture(seed: number, turns = 60): { posture: Posture; turned: string[] } {
  const next = random(seed);
  let values: unknown = {};
  let posture = resolve(values);
  const turned: string[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const [path, node] = ALL[Math.floor(next() * ALL.length)]!;
    const value = draw(path, node, next);
    if (value === undefined) continue;
    const changed = withValue(values, path, value);
    const good = accepted(changed);
    if (!good) continue;
    values = changed;
    posture = good;
    turned.push(`${path}=${JSON.stringify(value)}`);
  }
  return { posture, turned };
}
