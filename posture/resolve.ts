/** From what a person wrote to the posture, or to one clear line for each thing that is wrong. */
import { z } from 'zod';
import { explain } from './problem.ts';
import { postureSchema, type Posture, type PostureInput } from './schema/index.ts';
import { original } from './trace.ts';
import type { Bounds } from './units.ts';

/** Thrown by {@link resolve}. `problems` has one line for each mistake: where, which value, what to write instead. */
export class PostureError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'PostureError';
    this.problems = problems;
  }
}

type Described = z.core.JSONSchema.BaseSchema & Partial<Bounds>;

/** Moves bounds into the description, which editors show: a pattern cannot express them. */
function describeBounds(node: Described): void {
  for (const child of Object.values(node.properties ?? {})) describeBounds(child as Described);
  const { least, most, because } = node;
  if (least === undefined || most === undefined) return;
  const bounds = `From ${least} to ${most}${because === undefined ? '' : `: ${because}`}.`;
  node.description = [node.description, bounds].filter(Boolean).join(' ');
  for (const own of ['least', 'most', 'because']) delete node[own];
}

type Target = 'draft-2020-12' | 'draft-7';

function makeSchema(target: Target) {
  const schema = z.toJSONSchema(postureSchema, { io: 'input', target });
  describeBounds(schema);
  return schema;
}

const made = new Map<Target, ReturnType<typeof makeSchema>>();

/**
 * JSON schema of the posture as written, for completion in editors; draft 2020-12 unless another is wanted. Made when it is
 * first asked for, which a task that starts never does, and once: a search for changes asks for each key that it tries.
 */
export function jsonSchema(target: Target = 'draft-2020-12') {
  const schema = made.get(target) ?? makeSchema(target);
  made.set(target, schema);
  return schema;
}

/**
 * Reads a posture as written: fills in defaults, turns units into numbers.
 * @throws {PostureError} with one line for each unknown key, wrong unit or value out of range
 */
export function resolve(values: unknown): Posture {
  const input = values ?? {};
  const result = postureSchema.safeParse(input);
  if (!result.success)
    throw new PostureError(
      result.error.issues.flatMap((issue) =>
        explain(issue, input, jsonSchema() as { properties?: Record<string, object> }),
      ),
    );
  return result.data;
}

/** The whole posture as a person would write it, defaults spelled out: what a container is given as `POSTURE`. */
export const spellOut = (posture: Posture): PostureInput => z.encode(postureSchema, original(posture));
