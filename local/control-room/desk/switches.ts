/** Every switch: what the posture says, what people have switched, since when and why. */
import { jsonSchema } from '../../../posture/resolve.ts';
import type { Operator } from './operator.ts';
import { askOne } from './operator.ts';

export interface SwitchView {
  name: string;
  /** `features`, `work` or `schedules`: where in the posture it stands. */
  section: string;
  /** What it does, in the words of the posture. */
  does: string;
  /** False: the posture has it off, and no flag turns it on. */
  posture: boolean;
  flag: boolean;
  since: string | null;
  by: string | null;
  reason: string | null;
}

interface Node {
  description?: string;
  properties?: Record<string, Node>;
}

const SCHEMA = jsonSchema() as Node;

/** A feature by its name, anything else by its path. */
const pathOf = (name: string): string[] => (name.includes('.') ? name.split('.') : ['features', name]);

const describe = (name: string): string =>
  pathOf(name).reduce<Node | undefined>((node, key) => node?.properties?.[key], SCHEMA)?.description ?? '';

/** @throws what the database says, in one line */
export async function readSwitches(operator: Operator): Promise<SwitchView[]> {
  const { tables, said, ok = true } = await askOne(operator, ['flag', 'list']);
  if (!ok) throw new Error(said[0]);
  return tables.flatMap(({ rows }) =>
    rows.map(({ name, posture, flag, since, by, reason }) => ({
      name: String(name),
      section: pathOf(String(name))[0]!,
      does: describe(String(name)),
      posture: posture === 'on',
      flag: flag === 'on',
      since: since as string | null,
      by: by as string | null,
      reason: reason as string | null,
    })),
  );
}
