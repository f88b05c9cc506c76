/** Who does on the page what `npm run ops` does in a terminal: the same verbs, refusals and lines in the audit. */
import type { Outcome } from '../../../app/ops/outcome.ts';

/** Each command as it would be typed behind `npm run ops --`. Each has an outcome, also where the database says no. */
export type Operator = (commands: readonly (readonly string[])[]) => Promise<Outcome[]>;

/** @param commands one of them */
export async function askOne(operator: Operator, command: readonly string[]): Promise<Outcome> {
  const [outcome] = await operator([command]);
  return outcome!;
}
