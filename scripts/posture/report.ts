/** What `npm run posture` prints of one stack, and of two beside each other. */
import { alarms, detectionTime, type Alarm } from '../../posture/alarms/index.ts';
import { prove, type Proof } from '../../posture/laws/index.ts';
import { valueAt } from '../../posture/path.ts';
import { ms } from '../../posture/readable.ts';
import { resolve, spellOut } from '../../posture/resolve.ts';
import type { PostureInput } from '../../posture/schema/index.ts';
import type { Stack } from '../stack-file.ts';
import { styled, table, wrapped } from './table.ts';

const heading = (text: string): string => styled('bold', text);

/** Paths and written values of everything in a posture, in the order of the schema. */
export function leaves(value: unknown, path: readonly string[] = []): [path: string, value: string][] {
  const name = path.join('.');
  if (value === undefined) return [];
  if (Array.isArray(value)) return [[name, value.join(', ') || 'none']];
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, child]) => leaves(child, [...path, key]));
  return [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
}

/** Each section on a line or a few; what the stack does not leave at its default stands out. */
function resolved(written: PostureInput): string {
  const defaults = spellOut(resolve({}));
  const sections = Object.keys(written).map((section) => {
    const entries = leaves(valueAt(written, section), [section]).map(([path, value]) => {
      const usual = leaves(valueAt(defaults, path), [path])[0]?.[1];
      const name = path.slice(section.length + 1);
      const text = name === '' ? value : `${name} ${value}`;
      return value === usual ? styled('dim', text) : text;
    });
    return wrapped(`  ${section.padEnd(11)}`, entries);
  });
  return [heading('Posture') + styled('dim', ' (dimmed: the default)'), ...sections].join('\n');
}

function proofLines(proof: Proof): string {
  const lines = proof.laws.flatMap(({ name, says, holds, arithmetic }) => {
    const broken = new Set(proof.violations.filter(({ law }) => law === name).map(({ sum }) => sum));
    return [
      `  ${holds ? styled('green', '✓') : styled('red', '✗')} ${styled('bold', name)}  ${styled('dim', says)}`,
      ...arithmetic.map((sum) => (broken.has(sum) ? styled('red', `      ✗ ${sum}`) : `        ${sum}`)),
    ];
  });
  return [heading('Proof'), ...lines].join('\n');
}

const promiseTable = (proof: Proof): string =>
  [
    heading('Promises'),
    table(
      ['name', 'value', 'what'],
      proof.promises.map(({ name, shown, says }) => [name, shown, says]),
    ),
  ].join('\n');

/** `Maximum of DatabaseConnections > 135, 3 of 3 × 60s`. */
export const condition = (alarm: Alarm): string =>
  `${alarm.statistic} of ${alarm.metric.name} ${alarm.comparison} ${alarm.threshold}, ${alarm.datapoints} of ${alarm.periods} × ${alarm.period}s`;

function alarmTable(list: readonly Alarm[]): string {
  const rows = list.map((alarm) => [
    alarm.severity === 'page' ? styled('yellow', 'page') : 'ticket',
    alarm.id,
    ms(detectionTime(alarm)),
    condition(alarm),
  ]);
  return [heading(`Alarms (${list.length})`), table(['severity', 'alarm', 'within', 'when'], rows)].join('\n');
}

const SECTIONS = {
  posture: ({ posture }: Stack): string => resolved(spellOut(posture)),
  proof: (_stack: Stack, proof: Proof): string => proofLines(proof),
  promises: (_stack: Stack, proof: Proof): string => promiseTable(proof),
  alarms: ({ posture }: Stack): string => alarmTable(alarms(posture)),
};

export type Section = keyof typeof SECTIONS;
export const SECTION_NAMES = Object.keys(SECTIONS) as Section[];

/** The report on one stack: all of it, or the sections that are wanted. */
export function report(
  stack: Stack,
  proof: Proof,
  changes: readonly string[],
  only: readonly Section[] = SECTION_NAMES,
): string {
  const what = changes.length > 0 ? ` with ${changes.join(', ')}` : '';
  return [
    `${styled('bold', `Stack ${stack.name}`)} (${stack.file}${what})`,
    ...only.map((section) => SECTIONS[section](stack, proof)),
  ].join('\n\n');
}

/** The last line: whether the posture may be deployed. */
export const verdict = (stack: Stack, proof: Proof, problems: readonly string[] = []): string =>
  proof.holds
    ? problems.length === 0
      ? styled('green', `${stack.name} obeys all ${proof.laws.length} laws.`)
      : styled('red', `${stack.name} obeys all ${proof.laws.length} laws, but cannot be deployed.`)
    : styled(
        'red',
        `${stack.name} breaks ${proof.laws.filter(({ holds }) => !holds).length} of ${proof.laws.length} laws: nothing would be deployed.`,
      );

/** One line for each violation. */
export const violations = (proof: Proof): string => proof.violations.map(({ line }) => line).join('\n');

/** The same for a machine. Durations and sizes as written, promises as numbers. */
export const asJson = (stack: Stack, proof: Proof) => ({
  stack: stack.name,
  target: stack.target,
  ...proof,
  posture: spellOut(stack.posture),
  alarms: alarms(stack.posture),
});

export interface Difference {
  path: string;
  values: [string, string];
}

/** Where two lists of named values are not the same; what one does not have is empty. */
export function differ(left: Map<string, string>, right: Map<string, string>): Difference[] {
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((path): Difference => ({ path, values: [left.get(path) ?? '', right.get(path) ?? ''] }))
    .filter(({ values: [one, other] }) => one !== other);
}

/** What differs between two stacks: in what they declare, and in what follows from it. */
export function compare(left: Stack, right: Stack): { posture: Difference[]; promises: Difference[] } {
  const declared = (stack: Stack) => new Map(leaves(spellOut(stack.posture)));
  const promised = (stack: Stack) => new Map(prove(stack.posture).promises.map(({ name, shown }) => [name, shown]));
  return {
    posture: differ(declared(left), declared(right)),
    promises: differ(promised(left), promised(right)),
  };
}

/** The comparison as tables; a value that one of the stacks does not have is left blank. */
export function comparison(left: Stack, right: Stack): string {
  const { posture, promises } = compare(left, right);
  if (posture.length === 0) return `${left.name} and ${right.name} declare the same posture.`;
  const part = (title: string, differences: Difference[]) =>
    differences.length === 0
      ? []
      : [
          `${heading(title)}\n${table(
            ['key', left.name, right.name],
            differences.map(({ path, values }) => [path, ...values]),
          )}`,
        ];
  return [...part('Declared', posture), ...part('Promised', promises)].join('\n\n');
}
