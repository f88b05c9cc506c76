/**
 * The ops role: one verb of a person's, then the end. Beside the log it writes the outcome, a line a row, which whoever
 * started it reads from there (`npm run ops`); nothing in it is a secret or a person's text.
 */
import { hostname } from 'node:os';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import { toLines } from '../ops/lines.ts';
import { parseOps } from '../ops/parse.ts';
import { perform } from '../ops/perform.ts';

/** Where this process runs, for the audit: the task's ARN, by which AWS's own trail names who started it. */
async function whereabouts(): Promise<string> {
  const metadata = process.env['ECS_CONTAINER_METADATA_URI_V4'];
  if (!metadata) return `ops on ${hostname()}`;
  try {
    const response = await fetch(`${metadata}/task`, { signal: AbortSignal.timeout(2_000) });
    const { TaskARN } = (await response.json()) as { TaskARN?: string };
    return TaskARN ?? `ops on ${hostname()}`;
  } catch {
    return `ops on ${hostname()}`;
  }
}

/** @returns whether it could be done */
export async function ops({ posture, env }: Config<'ops'>, args: readonly string[], log: Logger): Promise<boolean> {
  const parsed = parseOps(args);
  const by = { who: env.OPS_CALLER, via: await whereabouts() };
  const outcome = await perform({
    url: env.DATABASE_URL,
    posture,
    parsed,
    by,
    server: env.DATABASE_SERVER,
    progress: (line) => log.info(line),
    log,
  });
  process.stdout.write(
    toLines(outcome)
      .map((line) => `${line}\n`)
      .join(''),
  );
  return outcome.ok ?? true;
}
