/** How often something has happened of late: what an alarm is made of, where only its level is reported. */

/** Between one and two of these are counted, ms. */
const SPAN = 300_000;

export function createLately(now: () => number = () => performance.now()): { count(): void; read(): number } {
  let since = now();
  let before = 0;
  let current = 0;
  function turn(): void {
    const passed = now() - since;
    if (passed < SPAN) return;
    before = passed < 2 * SPAN ? current : 0;
    current = 0;
    since = now();
  }
  return {
    count() {
      turn();
      current += 1;
    },
    read() {
      turn();
      return before + current;
    },
  };
}
