/** Kill switches by hand. */
import { nearest } from '../../posture/problem.ts';
import { withTx } from '../database/tx.ts';
import { flagNames, isInPosture, listFlags, setFlag } from '../flags/index.ts';
import { table, type Outcome } from './outcome.ts';
import type { Call } from './verb.ts';

const onOff = (isOn: boolean): string => (isOn ? 'on' : 'off');

export async function showFlags({ pool, posture }: Call): Promise<Outcome> {
  const set = new Map((await listFlags(pool)).map((row) => [row.name, row]));
  const names = [...new Set([...flagNames(posture), ...set.keys()])];
  return {
    tables: [
      table(
        'flags',
        names.map((name) => {
          const row = set.get(name);
          const known = flagNames(posture).includes(name);
          return {
            name,
            posture: known ? onOff(isInPosture(posture, name)) : 'not in this release',
            flag: onOff(row?.isOn ?? true),
            since: row?.changedAt ?? null,
            by: row?.by ?? null,
            reason: row?.reason ?? null,
          };
        }),
      ),
    ],
    said: ['What the posture has off no flag turns on. A flag holds in every process within 5 s.'],
  };
}

export const turn =
  (isOn: boolean) =>
  async ({ pool, posture, by, words: [name = ''], reason = '', dryRun }: Call): Promise<Outcome> => {
    const names = flagNames(posture);
    if (!names.includes(name)) {
      const meant = nearest(name, names);
      return {
        tables: [],
        said: [`There is no flag "${name}"${meant ? `; did you mean "${meant}"?` : ''} flag list shows them.`],
        ok: false,
      };
    }
    const inVain = isOn && !isInPosture(posture, name);
    const said = inVain ? [`The posture has ${name} off, and no flag turns that on: features.${name}.`] : [];
    if (dryRun) return { tables: [], said: [`${name} would be switched ${onOff(isOn)}.`, ...said] };
    await withTx(pool, async (tx) => {
      await tx.query('SET TRANSACTION READ WRITE');
      await setFlag(tx, { name, isOn, ...by, reason });
    });
    return { tables: [], said: [`${name} is switched ${onOff(isOn)}: in every process within 5 s.`, ...said] };
  };
