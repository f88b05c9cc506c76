import { alarms } from '../alarms/index.ts';
import { metricsOf, unmeasured } from '../alarms/measured.ts';
import type { Posture } from '../schema/index.ts';
import { clause, law, type Clause } from './law.ts';

function clauses(posture: Posture): Clause[] {
  const all = alarms(posture);
  const wrong = unmeasured(posture, all);
  return [
    clause(
      wrong.length === 0,
      wrong.length === 0
        ? `${all.length} alarms ask ${metricsOf(posture).length} metrics for what they can tell, and one alarm tells of each silence`
        : wrong.join('; '),
      'alarms whose metric has the unit, the interval and the statistic that they want, and one alarm for each silence',
      wrong.join('; '),
    ),
  ];
}

/** An alarm that cannot ring is worse than none, and one that says what it does not know sends people the wrong way. */
export const alarmsMeasure = law({
  name: 'alarms.measure',
  prevents: ['quiet-false-alarm', 'passive-watchdog'],
  says: 'Every alarm asks of its metric what that can tell, and takes silence for a breach only where it tells of silence.',
  clauses,
});
