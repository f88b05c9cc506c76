/** `npm run posture -- diff REV`: what a change means, in Markdown, for whoever is to approve it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { alarms, type Alarm } from '../../posture/alarms/index.ts';
import { prove } from '../../posture/laws/index.ts';
import { heapLimit, MiB, roleLimits, rolesOf } from '../../posture/limits.ts';
import { PostureError } from '../../posture/resolve.ts';
import { serverParameters } from '../../posture/server-parameters.ts';
import { UsageError } from '../command-line.ts';
import { fileOf, loadStack, readStack, stackNames, type Stack } from '../stack-file.ts';
import { compare, condition, differ, type Difference } from './report.ts';

const git = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('git', args, { maxBuffer: 2 ** 24 })).stdout;

/** A stack as it was in a commit; undefined where it had no file. Read by the laws of today. */
async function before(name: string, revision: string): Promise<Stack | PostureError | undefined> {
  let text: string;
  try {
    text = await git('show', `${revision}:./${fileOf(name)}`);
  } catch {
    return undefined;
  }
  return readable(() => readStack(name, text));
}

async function readable(load: () => Stack | Promise<Stack>): Promise<Stack | PostureError> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof PostureError) return error;
    throw error;
  }
}

const cell = (text: string): string => text.replaceAll('|', '\\|') || '–';

const rows = (differences: readonly Difference[], head: string): string[] =>
  differences.length === 0
    ? []
    : [
        [`| ${head} | before | after |`, '| --- | --- | --- |']
          .concat(differences.map(({ path, values }) => `| ${[path, ...values].map(cell).join(' | ')} |`))
          .join('\n'),
      ];

/** What servers and processes are held to. */
function limits({ posture }: Stack): Map<string, string> {
  return new Map([
    ...serverParameters(posture).map(({ name, value }) => [`server: ${name}`, value] as const),
    ...Object.entries(roleLimits(posture)).map(
      ([role, limit]) => [`connections of the login ${role}`, String(limit)] as const,
    ),
    ...rolesOf(posture).map(
      (role) => [`heap of a ${role} task`, `${Math.floor(heapLimit(posture, role) / MiB)} MiB`] as const,
    ),
  ]);
}

const rings = (alarm: Alarm): string => `${alarm.severity}: ${condition(alarm)}`;
const alarmed = ({ posture }: Stack) => new Map(alarms(posture).map((alarm) => [alarm.id, rings(alarm)]));

/** USD a month, or why there is no figure. */
async function cost(stack: Stack): Promise<number | string> {
  if (stack.target === 'docker') return 'runs on a laptop';
  const { estimate } = await import('../cost/estimate.ts');
  try {
    return (await estimate(stack)).total;
  } catch (error) {
    return `cannot be deployed: ${(error as Error).message.split('\n')[0]}`;
  }
}

const usd = (amount: number | string): string => (typeof amount === 'number' ? `${amount.toFixed(2)} USD` : amount);

async function costLine(old: Stack, now: Stack): Promise<string> {
  const [was, is] = [await cost(old), await cost(now)];
  const more = typeof was === 'number' && typeof is === 'number' ? is - was : undefined;
  const change = more === undefined ? '' : ` (${more < 0 ? '−' : '+'}${Math.abs(more).toFixed(2)})`;
  return `**Cost a month**, estimated: ${usd(was)} → ${usd(is)}${change}.`;
}

function verdict(stack: Stack): { holds: boolean; text: string } {
  const proof = prove(stack.posture);
  if (proof.holds) return { holds: true, text: `It obeys all ${proof.laws.length} laws.` };
  return {
    holds: false,
    text: ['**It breaks laws; nothing would be deployed:**', ...proof.violations.map(({ line }) => `- ${line}`)].join(
      '\n',
    ),
  };
}

async function changes(name: string, revision: string): Promise<{ text: string; holds: boolean } | undefined> {
  const [old, now] = [await before(name, revision), await readable(() => loadStack(name))];
  const title = `### \`${name}\``;
  if (now instanceof PostureError)
    return { holds: false, text: [title, ...now.problems.map((problem) => `- ${problem}`)].join('\n\n') };
  const { holds, text } = verdict(now);
  if (old === undefined)
    return {
      holds,
      text: [title, 'A new stack.', text, `**Cost a month**, estimated: ${usd(await cost(now))}.`].join('\n\n'),
    };
  if (old instanceof PostureError)
    return { holds, text: [title, `What was before is no posture any more: ${old.problems[0]}`, text].join('\n\n') };
  const { posture, promises } = compare(old, now);
  if (posture.length === 0 && old.target === now.target) return undefined;
  const derived = { limits: differ(limits(old), limits(now)), alarms: differ(alarmed(old), alarmed(now)) };
  return {
    holds,
    text: [
      title,
      text,
      ...rows(posture, 'declared'),
      ...rows(promises, 'promise'),
      ...rows(derived.limits, 'limit'),
      ...rows(derived.alarms, 'alarm'),
      await costLine(old, now),
    ].join('\n\n'),
  };
}

/**
 * Markdown of what differs from a commit, of every stack or of those named.
 * @throws {UsageError} for a revision that git does not know
 */
export async function diff(
  revision: string | undefined,
  names: readonly string[],
): Promise<{ text: string; holds: boolean }> {
  if (revision === undefined) throw new UsageError('npm run posture -- diff REV: a commit, such as origin/main');
  try {
    await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`);
  } catch {
    throw new UsageError(`git knows no commit "${revision}" here: name one, such as origin/main`);
  }
  const parts = [];
  for (const name of names.length > 0 ? names : await stackNames()) {
    const part = await changes(name, revision);
    if (part) parts.push(part);
  }
  const body = parts.length > 0 ? parts.map(({ text }) => text) : ['No stack declares anything else than before.'];
  return {
    text: ['## What this changes in the posture', ...body].join('\n\n'),
    holds: parts.every(({ holds }) => holds),
  };
}
