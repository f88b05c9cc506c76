/** What `npm start` says: one line a step with its time for people, one JSON object a line for programs. */

export interface Report {
  /** Something that was started. */
  step: (done: string, took: number) => void;
  /** Something that happened. */
  say: (line: string) => void;
  /** All runs. */
  ready: (address: string, hints: readonly string[], facts: object) => void;
  /** Something that is being done and takes its time. */
  doing: (what: string) => void;
}

const seconds = (milliseconds: number) =>
  milliseconds < 950 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

const DOTS = 60;

export function createReport(json: boolean, write: (line: string) => void = console.log): Report {
  const object = (value: object) => write(JSON.stringify(value));
  if (json)
    return {
      step: (done, took) => object({ step: done, ms: Math.round(took) }),
      say: (line) => object({ say: line }),
      ready: (url, _hints, facts) => object({ ready: true, url, ...facts }),
      doing: (what) => object({ doing: what }),
    };
  return {
    step: (done, took) => write(`  ${done.padEnd(DOTS)} ${seconds(took).padStart(7)}`),
    say: (line) => write(`  ${line}`),
    ready(address, hints) {
      for (const hint of hints) write(`  ${hint}`);
      write(`Evenkeel runs at ${address}   (Ctrl-C ends it)`);
    },
    doing: write,
  };
}

/** Measures one step and reports it. */
export async function timed<T>(report: Report, done: string | ((result: T) => string), run: () => Promise<T>) {
  const began = performance.now();
  const result = await run();
  report.step(typeof done === 'string' ? done : done(result), performance.now() - began);
  return result;
}
