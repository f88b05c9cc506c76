/** The windows of a managed database, daily and weekly, as minutes of a week that begins on Monday at 00:00 UTC. */
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DAY = 24 * 60;
export const WEEK = 7 * DAY;

export interface Window {
  /** Minute of the week at which it opens. */
  from: number;
  /** Minutes; more than nothing, less than a week. */
  length: number;
}

const minutes = (clock: string): number => {
  const [hour = 0, minute = 0] = clock.split(':').map(Number);
  return hour * 60 + minute;
};

/** A window that ends before it begins ends on the next day, or in the next week. */
const between = (from: number, to: number, period: number): number =>
  (((to - from) % period) + period) % period || period;

/** `sun:03:00-sun:04:00`, as the schema takes it. */
export function weekly(text: string): Window {
  const [from, to] = text.split('-').map((end) => DAYS.indexOf(end.slice(0, 3)) * DAY + minutes(end.slice(4)));
  return { from: from!, length: between(from!, to!, WEEK) };
}

/** `01:00-02:00`: seven windows a week. */
export function daily(text: string): Window[] {
  const [from, to] = text.split('-').map(minutes);
  return DAYS.map((_, day) => ({ from: day * DAY + from!, length: between(from!, to!, DAY) }));
}

/** Whether one opens while the other is open, over the end of the week as well. */
export const overlap = (one: Window, other: Window): boolean =>
  between(one.from, other.from, WEEK) % WEEK < one.length || between(other.from, one.from, WEEK) % WEEK < other.length;

/**
 * Hour of the day that lies farthest from both windows on every day, for what has to keep away from them: 0 to 23, UTC. The
 * earliest of several.
 */
export function farthestHour(windows: { backupWindow: string; maintenanceWindow: string }): number {
  const busy = [...daily(windows.backupWindow), weekly(windows.maintenanceWindow)];
  const until = (minute: number): number =>
    Math.min(
      ...busy.map(({ from, length }) => {
        const since = between(from, minute, WEEK) % WEEK;
        // Inside of it: no way at all.
        return since < length ? 0 : Math.min(since - length, WEEK - since);
      }),
    );
  const room = Array.from({ length: 24 }, (_, hour) =>
    Math.min(...DAYS.map((_day, day) => until(day * DAY + hour * 60))),
  );
  return room.indexOf(Math.max(...room));
}
