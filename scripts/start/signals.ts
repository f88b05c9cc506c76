/** Ctrl-C: the first asks to end, the second insists. */

/** npm passes on a Ctrl-C that the terminal has sent to us as well: two in this time (ms) are one. */
const SAME_PRESS = 400;

/** Calls `first` at the first SIGINT, SIGTERM or SIGHUP, `second` at the next. */
export function onEndSignals(first: () => void, second: () => void): void {
  let pressed: number | undefined;
  const press = () => {
    const now = performance.now();
    if (pressed === undefined) {
      pressed = now;
      first();
    } else if (now - pressed > SAME_PRESS) {
      pressed = Infinity;
      second();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, press);
}
