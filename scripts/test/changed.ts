/** Which tests a change concerns. */
import { closureOf, graphOf, type Project } from './graph.ts';

/** Says nothing to any test: text for people, and what GitHub, git and editors read. */
const NO_TEST = /(^|\/)(LICENSE|\.git\w+|\.editorconfig|\.ox\w+\.json)$|\.md$|^\.github\/|^\.ci\//;
/** Changes what every test runs on. */
const EVERY_TEST = /^(package(-lock)?\.json|tsconfig\.json|\.npmrc)$/;
const SOURCE = /\.(ts|js|mjs)$/;

const inFolderOf = (used: ReadonlySet<string>, file: string) =>
  [...used].some((path) => path.endsWith('/') && file.startsWith(path));

/**
 * The test files that lean on something changed. What no test is seen to lean on, and is not for people only, concerns
 * every test.
 */
export function affectedTests(changed: readonly string[], project: Project): string[] {
  const tests = [...project.files].filter((file) => /^test\/.*\.test\.ts$/.test(file)).sort();
  const graph = graphOf(project);
  const closures = new Map(tests.map((file) => [file, closureOf(file, graph)]));
  const wanted = new Set<string>();
  for (const file of changed) {
    const found = tests.filter((test) => closures.get(test)!.has(file) || inFolderOf(closures.get(test)!, file));
    for (const test of found) wanted.add(test);
    // A source that nothing uses, and one that is gone: whoever used it has changed as well, or tsc says so.
    const harmless = NO_TEST.test(file) || SOURCE.test(file);
    if (EVERY_TEST.test(file) || (found.length === 0 && !harmless)) return tests;
  }
  if (changed.length > 0)
    for (const test of tests) if ([...graph.roaming].some((file) => closures.get(test)!.has(file))) wanted.add(test);
  return [...wanted].sort();
}
