/** `npm run smoke -- https://…`: whether what was just deployed answers as it should, seen from outside; and lets nobody in. */
import { setTimeout as pause } from 'node:timers/promises';
import { CALLBACK_PATHS, HEALTH_PATH, WEBHOOK_PATH } from '../contract/paths.ts';
import { readCommandLine, UsageError } from './command-line.ts';

const HELP = `Looks at a deployed bot from outside: it is healthy, and takes no update without Telegram's secret.

  npm run smoke -- "$(pulumi stack output publicUrl)"
  npm run smoke -- https://bot.example.com --within 300    seconds that it is given to become healthy (120)

Exit status: 0 all is as it should be, 1 something is not, 2 the command cannot be understood.`;

const OPTIONS = {
  within: { type: 'string', default: '120' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** One request's deadline, and the pause between two looks at what is not healthy yet, ms. */
const REQUEST = 10_000;
const PAUSE = 2_000;

/** A way in that must be closed: refused by the task itself, or not let through to it. */
const CLOSED = [401, 403, 404];

interface Answer {
  status: number;
  text: string;
}

async function ask(url: string, init: RequestInit = {}): Promise<Answer | string> {
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(REQUEST) });
    return { status: response.status, text: (await response.text()).slice(0, 200) };
  } catch (error) {
    const { message, cause } = error as Error;
    return cause instanceof Error ? cause.message : message;
  }
}

const said = (answer: Answer | string): string =>
  typeof answer === 'string' ? answer : `${answer.status} ${answer.text}`;

const isHealthy = (answer: Answer | string): boolean =>
  typeof answer !== 'string' && answer.status === 200 && /"status":"healthy"/.test(answer.text);

/** Asks until it is healthy, or until the time is over. */
async function healthy(origin: string, within: number): Promise<string | undefined> {
  const url = `${origin}${HEALTH_PATH}`;
  const end = performance.now() + within;
  let answer = await ask(url);
  while (!isHealthy(answer) && performance.now() + PAUSE < end) {
    await pause(PAUSE);
    answer = await ask(url);
  }
  return isHealthy(answer) ? undefined : `${url} is not healthy after ${Math.round(within / 1000)} s: ${said(answer)}`;
}

async function closed(what: string, url: string, init?: RequestInit): Promise<string | undefined> {
  const answer = await ask(url, init);
  if (typeof answer !== 'string' && CLOSED.includes(answer.status)) return undefined;
  return `${what} was not refused: ${said(answer)}`;
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = readCommandLine(args, OPTIONS, 'npm run smoke');
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [address, ...others] = positionals;
  if (address === undefined || others.length > 0 || !URL.canParse(address) || !/^https?:/.test(address))
    throw new UsageError('npm run smoke -- URL: the address of the bot, "$(pulumi stack output publicUrl)"');
  const within = /^\d{1,4}$/.test(values.within) ? Number(values.within) : 0;
  if (within === 0) throw new UsageError(`--within takes seconds from 1 to 9999, not "${values.within}"`);
  const { origin } = new URL(address);
  const unwell = await healthy(origin, within * 1000);
  const json = { method: 'POST', body: '{"update_id":1}', headers: { 'content-type': 'application/json' } };
  const problems = [
    unwell,
    await closed("an update without Telegram's secret", `${origin}${WEBHOOK_PATH}`, json),
    ...(await Promise.all(
      Object.values(CALLBACK_PATHS).map((path) => closed('a callback without a signature', `${origin}${path}`, json)),
    )),
    await closed('a stranger at /metrics', `${origin}/metrics`),
  ].filter((problem) => problem !== undefined);
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log(`${origin} is healthy, and lets in nobody without a secret.`);
  return problems.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
