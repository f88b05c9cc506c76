/** The hour that keeps away from a database's windows, against a search minute by minute. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { farthestHour, WEEK } from '../../posture/windows.ts';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60) % 24).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
const dayAndClock = (minute: number): string => `${DAYS[Math.floor(minute / 1440) % 7]}:${clock(minute % 1440)}`;

/** Minutes of the week that are in a window. */
function busyMinutes(daily: [number, number], weekly: [number, number]): Set<number> {
  const busy = new Set<number>();
  for (let day = 0; day < 7; day++)
    for (let minute = 0; minute < daily[1]; minute++) busy.add((day * 1440 + daily[0] + minute) % WEEK);
  for (let minute = 0; minute < weekly[1]; minute++) busy.add((weekly[0] + minute) % WEEK);
  return busy;
}

/** Minutes from an hour of any day to the nearest busy one. */
function room(hour: number, busy: Set<number>): number {
  let least = WEEK;
  for (let day = 0; day < 7; day++) {
    const at = day * 1440 + hour * 60;
    let away = 0;
    while (away < least && !busy.has((at + away) % WEEK) && !busy.has((at - away - 1 + WEEK) % WEEK)) away++;
    least = Math.min(least, busy.has(at) ? 0 : away);
  }
  return least;
}

test('no other hour lies farther from both windows', () => {
  fc.assert(
    fc.property(
      fc.nat(1439),
      fc.integer({ min: 30, max: 300 }),
      fc.nat(WEEK - 1),
      fc.integer({ min: 30, max: 300 }),
      (dailyFrom, dailyLength, weeklyFrom, weeklyLength) => {
        const busy = busyMinutes([dailyFrom, dailyLength], [weeklyFrom, weeklyLength]);
        const chosen = farthestHour({
          backupWindow: `${clock(dailyFrom)}-${clock((dailyFrom + dailyLength) % 1440)}`,
          maintenanceWindow: `${dayAndClock(weeklyFrom)}-${dayAndClock((weeklyFrom + weeklyLength) % WEEK)}`,
        });
        const best = Math.max(...Array.from({ length: 24 }, (_, hour) => room(hour, busy)));
        assert.equal(room(chosen, busy), best, `hour ${chosen}`);
        assert.ok(best > 60, 'an hour of peace before and after');
      },
    ),
    { numRuns: 60 },
  );
});
