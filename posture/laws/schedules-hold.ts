import { RDS } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { daily, overlap, weekly } from '../windows.ts';
import { atMost, clause, law, lessThan, ms, type Clause } from './law.ts';

const MINUTE = 60_000;

/** The least unit of a schedule in the cloud is a minute; on a laptop the sentinel is a process that can go faster. */
function wholeMinutes({ stage, sentinel }: Posture): Clause {
  const holds = stage !== 'production' || (sentinel.every > 0 && sentinel.every % MINUTE === 0);
  return clause(
    holds,
    `sentinel.every ${ms(sentinel.every)} ${holds ? 'can' : 'cannot'} be scheduled`,
    'sentinel.every in whole minutes in a production stack',
    ms(sentinel.every),
  );
}

/** What the managed database takes: windows of half an hour at least, the backup's never in that of maintenance. */
function windowsHold({ database: { backupWindow, maintenanceWindow } }: Posture): Clause[] {
  const [backups, maintenance] = [daily(backupWindow), weekly(maintenanceWindow)];
  const shortest = Math.min(backups[0]!.length, maintenance.length) * MINUTE;
  const apart = !backups.some((backup) => overlap(backup, maintenance));
  return [
    atMost({ 'half an hour': RDS.shortestWindow }, { 'the shorter window': shortest }),
    clause(
      apart,
      `backupWindow ${backupWindow} ${apart ? 'lies beside' : 'overlaps'} maintenanceWindow ${maintenanceWindow}`,
      'a database.backupWindow that lies beside database.maintenanceWindow on every day',
      backupWindow,
    ),
  ];
}

function clauses(posture: Posture): Clause[] {
  const { sentinel, lanes, database, schedules } = posture;
  const { acquire, query } = database.timeouts;
  const deadline = { 'deadline of one round: acquire': acquire, query };
  return [
    lessThan({ 'sentinel.timeout': sentinel.timeout }, { 'sentinel.every': sentinel.every }),
    wholeMinutes(posture),
    ...windowsHold(posture),
    // Rounds of a loop follow each other and never overlap; a round at its deadline delays the next one, no more.
    lessThan(deadline, { 'lanes.sweep': lanes.sweep }),
    lessThan(deadline, { heartbeat: lanes.heartbeat }),
    lessThan({ 'lanes.touch': lanes.touch }, { 'half of the heartbeat': lanes.heartbeat / 2 }),
    ...Object.entries(schedules).map(([name, { every, deadline }]) =>
      // The last statement that was begun before the deadline ends within its own.
      atMost({ [`schedules.${name}.deadline`]: deadline, query: database.timeouts.query }, { every }),
    ),
  ];
}

/** Everything periodic ends before it is due again, so that a hung round is seen and never piles up. */
export const schedulesHold = law({
  name: 'schedules.hold',
  prevents: ['iteration-hang', 'job-kills-loop'],
  says: 'Every periodic job has a deadline shorter than its interval.',
  clauses,
});
