/** The rules of WCAG 2.2, levels A and AA, as axe-core tests them on a page. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const SOURCE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** One line for each element that breaks a rule: the rule, where, what is wrong. Empty when none does. */
export async function axeFindings(page: Page): Promise<string[]> {
  // By the debugger: the page's own policy lets no script in, and stays as it is.
  await page.evaluate(`window.axe ?? (() => { ${SOURCE} })()`);
  const options = JSON.stringify({ runOnly: RULES, resultTypes: ['violations'] });
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${options})`);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, any, all, none }) => {
      const why = [...any, ...all, ...none][0]?.message ?? '';
      return `${id}: ${target.join(' ')}: ${why}`;
    }),
  );
}
