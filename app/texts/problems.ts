/** What is wrong with a text and does not keep the bot from speaking: said once each, to whoever listens. */
const known = new Set<string>();
let listener: ((problem: string) => void) | undefined;

export function noteProblem(problem: string): void {
  if (known.has(problem)) return;
  known.add(problem);
  listener?.(problem);
}

/** Tells of those that are known and of each that comes. */
export function onTextProblem(tell: (problem: string) => void): void {
  listener = tell;
  known.forEach(tell);
}
