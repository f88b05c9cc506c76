/** One line for each thing that the schema refuses: where it stands, which value, what to write instead. */
import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';

type Schema = { properties?: Record<string, Schema> };

function at(node: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((found, step) => (found as Record<PropertyKey, unknown> | undefined)?.[step], node);
}

/** The keys that the schema knows at a path. */
const keysAt = (schema: Schema, path: readonly PropertyKey[]): string[] =>
  Object.keys(path.reduce<Schema>((node, step) => node.properties?.[String(step)] ?? {}, schema).properties ?? {});

/** The known word that somebody who wrote this one meant: at most a third of its letters differ. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const far = (other: string) => distance(word.toLowerCase(), other.toLowerCase());
  const [best] = [...known].sort((a, b) => far(a) - far(b));
  return best !== undefined && far(best) <= Math.max(1, Math.floor(word.length / 3)) ? best : undefined;
}

const listed = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join(', ');

const KINDS: Record<string, string> = {
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'text',
  array: 'a list, such as ["…"]',
};

/** What counts in a bound: entries of a list, letters of a text. */
const COUNTED: Record<string, string> = { array: ' entries', string: ' characters' };

function wantedType({ expected, path }: z.core.$ZodIssueInvalidType, schema: Schema): string {
  if (expected !== 'object') return KINDS[expected] ?? expected;
  return `a section, in which may stand ${keysAt(schema, path).join(', ') || 'nothing'}`;
}

/** What would be accepted. A message of the schema's own says it already. */
function wanted(issue: z.core.$ZodIssue, schema: Schema): string {
  if (!/^(Invalid|Too) /.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_value') return `${issue.values.length > 1 ? 'one of ' : ''}${listed(issue.values)}`;
  if (issue.code === 'invalid_type') return wantedType(issue, schema);
  if (issue.code === 'too_small') return `at least ${issue.minimum}${COUNTED[issue.origin] ?? ''}`;
  if (issue.code === 'too_big') return `at most ${issue.maximum}${COUNTED[issue.origin] ?? ''}`;
  return issue.message;
}

function unknownKey(path: readonly PropertyKey[], key: string, schema: Schema): string {
  const known = keysAt(schema, path);
  const meant = nearest(key, known);
  const hint = meant === undefined ? '' : `did you mean "${meant}"? `;
  const here = known.length > 0 ? `${hint ? 'Known' : 'known'} here: ${known.join(', ')}` : 'nothing may stand here';
  return `${[...path, key].map(String).join('.')}: unknown key; ${hint}${here}`;
}

/** The lines of one issue; an unknown key each has its own. */
export function explain(issue: z.core.$ZodIssue, values: unknown, schema: Schema): string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(issue.path, key, schema));
  const value = at(values, issue.path);
  const shown = value === undefined ? 'nothing' : JSON.stringify(value);
  return [`${issue.path.map(String).join('.') || 'posture'}: ${shown} is not accepted: ${wanted(issue, schema)}`];
}
