import { RDS } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, clause, law, type Clause } from './law.ts';

const WEEK = 7 * 86_400_000;

const declared = (name: string, value: boolean): Clause =>
  clause(value, `${name} ${value ? 'is on' : 'is off'}`, `${name}: true in a production stack`, String(value));

function clauses({ stage, database, network }: Posture): Clause[] {
  const retention = atMost({ backups: database.backups }, { 'RDS keeps': RDS.longestBackupRetention });
  if (stage !== 'production')
    return [clause(true, 'development: nothing is promised to survive', 'nothing', 'nothing'), retention];
  return [
    declared('database.multiAz', database.multiAz),
    atMost({ 'a week': WEEK }, { 'database.backups': database.backups }),
    retention,
    declared('database.deletionProtection', database.deletionProtection),
    declared('database.finalSnapshot', database.finalSnapshot),
    clause(
      network.zones >= 2,
      `network.zones ${network.zones} ${network.zones >= 2 ? '≥' : '<'} 2`,
      'at least 2 zones in a production stack',
      String(network.zones),
    ),
  ];
}

/** A production stack says how it comes back from losing a zone, a disk or a person's mistake. */
export const recoveryDeclared = law({
  name: 'recovery.declared',
  prevents: ['db-drop', 'db-quota'],
  says: 'A production stack has a standby in another zone, backups of a week or more, and cannot be deleted by mistake.',
  clauses,
});
