/**
 * Units that people write. Each is a zod codec: the posture is written with units (`"5s"`, `"512MiB"`, `"80%"`) and
 * read as plain numbers (milliseconds, bytes, a ratio), and `encode` turns it back into what a person would write.
 */
import { z } from 'zod';

type Scale = readonly (readonly [unit: string, factor: number])[];

const TIME: Scale = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

const SIZE: Scale = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['B', 1],
];

function parse(text: string, scale: Scale): number {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(text);
  const factor = scale.find(([unit]) => unit === match?.[2])?.[1];
  if (!match || factor === undefined) throw new TypeError(`not a quantity: ${text}`);
  return Math.round(Number(match[1]) * factor);
}

/** The largest unit that divides the value without a remainder: 90000 → "90s", 120000 → "2m". */
function format(value: number, scale: Scale): string {
  const whole = scale.find(([, factor]) => value !== 0 && value % factor === 0) ?? scale[scale.length - 1]!;
  return `${value / whole[1]}${whole[0]}`;
}

export const formatDuration = (milliseconds: number): string =>
  format(Math.round(milliseconds), milliseconds === 0 ? [['s', 1000]] : TIME);
export const formatBytes = (bytes: number): string => format(Math.round(bytes), bytes === 0 ? [['B', 1]] : SIZE);
export const formatPercent = (ratio: number): string => `${Number((ratio * 100).toFixed(4))}%`;

/** Bounds of a quantity as people write them, in the JSON schema under these names. */
export interface Bounds {
  least: string;
  most: string;
  /** What would go wrong beyond them. */
  because?: string;
}

interface Kind {
  /** `a duration with its unit, such as "5s"`. */
  wanted: string;
  pattern: RegExp;
  /** A unit to suggest for a bare number. */
  unit: string;
  parse: (text: string) => number;
  format: (value: number) => string;
}

/** Text with a unit outside, a number within its bounds inside. Both are refused in one line that says what is wanted. */
function quantity(kind: Kind, bounds: Bounds) {
  const { least, most, because } = bounds;
  const why = because === undefined ? '' : ` (${because})`;
  const text = z
    .string({
      error: ({ input }) =>
        typeof input === 'number' ? `it wants its unit, such as "${input}${kind.unit}"` : kind.wanted,
    })
    .regex(kind.pattern, kind.wanted)
    .meta({ ...bounds });
  const number = z
    .number()
    .min(kind.parse(least), `at least ${least}${why}`)
    .max(kind.parse(most), `at most ${most}${why}`);
  return z.codec(text, number, { decode: kind.parse, encode: kind.format });
}

const bounded =
  (kind: Kind) =>
  /** The least and the most that is accepted, as written, and what would go wrong beyond. */
  (least: string, most: string, because?: string) =>
    quantity(kind, because === undefined ? { least, most } : { least, most, because });

/** A duration in milliseconds, written with a unit: `"250ms"`, `"5s"`, `"2m"`, `"24h"`, `"7d"`. */
export const duration = bounded({
  wanted: 'a duration with its unit, such as "250ms", "5s", "2m", "24h" or "7d"',
  pattern: /^\d+(\.\d+)?(ms|s|m|h|d)$/,
  unit: 's',
  parse: (text) => parse(text, TIME),
  format: formatDuration,
});

/** A size in bytes, written with a binary unit: `"64KiB"`, `"512MiB"`, `"20GiB"`. */
export const bytes = bounded({
  wanted: 'a size with its unit, such as "64KiB", "512MiB" or "20GiB"',
  pattern: /^\d+(\.\d+)?(B|KiB|MiB|GiB|TiB)$/,
  unit: 'MiB',
  parse: (text) => parse(text, SIZE),
  format: formatBytes,
});

/** A ratio, written in percent: `"80%"` is 0.8; `"200%"` is 2. */
export const percent = bounded({
  wanted: 'a percentage, such as "80%"',
  pattern: /^\d+(\.\d+)?%$/,
  unit: '%',
  parse: (text) => Number((Number(text.slice(0, -1)) / 100).toFixed(6)),
  format: formatPercent,
});

/** Whole counts: tasks, connections, attempts. */
export const count = (min = 1, max = 1_000_000) => z.int().min(min).max(max);
