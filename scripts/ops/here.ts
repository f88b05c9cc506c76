/** The bot that `npm start` runs on this machine: its database is asked directly. */
import { hostname, userInfo } from 'node:os';
import { createLogger } from '../../app/log.ts';
import { parseOps } from '../../app/ops/parse.ts';
import { perform, performAll } from '../../app/ops/perform.ts';
import type { Operator } from '../../local/control-room/desk/operator.ts';
import { findRunning } from '../../local/platform/whereabouts.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { PlaceError, type Place } from './place.ts';

/** Who is at this machine, for the audit. */
export const whoIsHere = (): string => `${userInfo().username}@${hostname()}`;

/** Verbs on a database of this machine, by who is at it. @throws {OpsUsage} for a command that cannot be understood */
export function operatorHere(url: string, posture: Posture, via: string): Operator {
  const log = createLogger('ops', 'silent');
  return async (commands) => {
    const parsed = commands.map((command) => parseOps(command));
    return performAll(parsed, { url, posture, by: { who: whoIsHere(), via }, log });
  };
}

/** @throws {PlaceError} where none or several run */
export async function here(): Promise<Place> {
  const running = await findRunning();
  if (running.length === 0)
    throw new PlaceError('no bot runs here: npm start in another terminal, or name a stack with -s');
  if (running.length > 1) {
    const places = running.map(({ pid, directory }) => `process ${pid} in ${directory}`).join(', ');
    throw new PlaceError(`${running.length} bots run here (${places}): end all but one`);
  }
  const [{ databaseUrl, posture }] = running as [(typeof running)[number]];
  const log = createLogger('ops', 'silent');
  return {
    name: 'the bot on this machine',
    ask: (args) =>
      perform({
        url: databaseUrl,
        posture,
        parsed: parseOps(args),
        by: { who: whoIsHere(), via: 'npm run ops' },
        progress: (line) => void process.stderr.write(`${line}\n`),
        log,
      }),
  };
}
