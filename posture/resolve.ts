/** From what a person wrote to the posture, or to one clear line for each thing that is wrong. */
import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import { postureSchema, type Posture, type PostureInput } from './schema/index.ts';

/** Thrown by {@link resolve}. `problems` has one line for each mistake: where, which value, what to write instead. */
export class PostureError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'PostureError';
    this.problems = problems;
  }
}

/** The keys that the schema knows at a path, for naming the nearest one. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let node: unknown = JSON_SCHEMA;
  for (const step of path) node = (node as { properties?: Record<string, unknown> }).properties?.[String(step)] ?? {};
  return Object.keys((node as { properties?: object }).properties ?? {});
}

const JSON_SCHEMA = z.toJSONSchema(postureSchema, { io: 'input' });

/** JSON schema of the posture as written (draft 2020-12), for completion in editors. */
export const jsonSchema = (): object => JSON_SCHEMA;

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((node, step) => (node as Record<PropertyKey, unknown> | undefined)?.[step], values);
}

function explain(issue: z.core.$ZodIssue, values: unknown): string[] {
  const where = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(issue.path);
    return issue.keys.map((key) => {
      const nearest = known.length > 0 ? closest(key, known) : undefined;
      const hint = nearest ? `did you mean "${nearest}"? Known here: ${known.join(', ')}` : 'nothing may stand here';
      return `${[...issue.path, key].map(String).join('.')}: unknown key; ${hint}`;
    });
  }
  const value = valueAt(values, issue.path);
  const shown = value === undefined ? 'nothing' : JSON.stringify(value);
  const wanted =
    issue.code === 'invalid_format'
      ? issue.message
      : issue.message.replace(/^Invalid (input|option): /, '').replace(/^E/, 'e');
  const unit =
    typeof value === 'number' && /expected string/.test(issue.message)
      ? `; a quantity is written with its unit, such as "${value}s", "${value}MiB" or "${value}%"`
      : '';
  return [`${where || 'posture'}: ${shown} is not accepted: ${wanted}${unit}`];
}

/**
 * Reads a posture as written: fills in defaults, turns units into numbers.
 * @throws {PostureError} with one line for each unknown key, wrong unit or value out of range
 */
export function resolve(values: unknown): Posture {
  const input = values ?? {};
  const result = postureSchema.safeParse(input);
  if (!result.success) throw new PostureError(result.error.issues.flatMap((issue) => explain(issue, input)));
  return result.data;
}

/** The whole posture as a person would write it, defaults spelled out: what a container is given as `POSTURE`. */
export const spellOut = (posture: Posture): PostureInput => z.encode(postureSchema, posture);
