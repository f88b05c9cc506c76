/** Starts one role by the container contract and ends it by the posture. */
import { PostureError } from '../../posture/resolve.ts';
import { assertHolds } from '../../posture/laws/index.ts';
import {
  COMMANDS,
  ConfigError,
  readConfig,
  readLogLevel,
  secretsIn,
  type Command,
  type Config,
  type Role,
} from '../config.ts';
import { startWatchdog } from '../health/watchdog.ts';
import { createLogger, describeError, type Logger } from '../log.ts';
import { OpsUsage } from '../ops/parse.ts';
import { startMedia } from './media.ts';
import { migrate } from './migrate.ts';
import { ops } from './ops.ts';
import { startSentinelRole } from './sentinel.ts';
import type { Task } from './task.ts';
import { startWeb } from './web.ts';
import { startWorker } from './worker.ts';

const USAGE = `usage: node app/main.ts ${COMMANDS.join('|')}   (environment: see README, "Container contract")`;

/** Exit codes: 2 asks for another command or environment, 1 for a look at the log. */
const EXIT_USAGE = 2;

const isCommand = (text: string | undefined): text is Command => COMMANDS.includes(text as Command);

async function start(command: Command, log: Logger): Promise<Task | undefined> {
  switch (command) {
    case 'sentinel':
      return startSentinelRole(readConfig(command), log);
    case 'ops':
      process.exitCode = (await ops(readConfig(command), process.argv.slice(3), log)) ? 0 : 1;
      return undefined;
    case 'migrate':
      await migrate(provenConfig(command), log);
      return undefined;
    case 'web': {
      const config = provenConfig(command);
      return watched(config, await startWeb(config, log), log);
    }
    case 'media': {
      const config = provenConfig(command);
      return watched(config, await startMedia(config, log), log);
    }
    case 'worker': {
      const config = provenConfig(command);
      return watched(config, await startWorker(config, log), log);
    }
  }
}

/** The environment of a role, with a posture that all laws hold for: here, or where the deploy has proven the whole of it. */
function provenConfig<R extends Role>(role: R): Config<R> {
  const config = readConfig(role);
  if (process.env['POSTURE_PROVEN'] !== 'true') assertHolds(config.posture);
  return config;
}

function watched({ posture }: Config<Role>, task: Task, log: Logger): Task {
  startWatchdog({ ...posture.watchdog, progress: task.progress, excused: task.excused, log });
  return task;
}

/** Errors that nobody caught end the process, with what is known about its state (faults crash-unknown, no-crash-diagnostics). */
function dieLoudly(log: Logger): void {
  const die = (kind: string) => (error: unknown) => {
    const { rss, heapUsed } = process.memoryUsage();
    log.fatal(
      {
        kind,
        error: describeError(error),
        stack: error instanceof Error ? error.stack : undefined,
        uptimeSeconds: Math.round(process.uptime()),
        memory: { rss, heapUsed },
        resources: process.getActiveResourcesInfo().reduce<Record<string, number>>((counts, name) => {
          counts[name] = (counts[name] ?? 0) + 1;
          return counts;
        }, {}),
      },
      'unhandled error; the process ends',
    );
    process.exit(1);
  };
  process.on('uncaughtException', die('uncaughtException'));
  process.on('unhandledRejection', die('unhandledRejection'));
}

/** What SIGTERM and SIGINT do from the moment that the role runs. */
function leaving(task: Task, log: Logger): (signal: NodeJS.Signals) => void {
  let begun = false;
  return (signal) => {
    if (begun) return;
    begun = true;
    log.info({ signal, within: task.drainWithin }, 'draining');
    const late = setTimeout(() => {
      log.error({ within: task.drainWithin }, 'the drain did not end in time; leaving all the same');
      process.exit(1);
    }, task.drainWithin);
    task.drain().then(
      () => {
        clearTimeout(late);
        log.info('drained');
        process.exit(0);
      },
      (error: unknown) => {
        log.error({ error: describeError(error) }, 'the drain failed');
        process.exit(1);
      },
    );
  };
}

/** The log of a role; with a level that there is not, a log all the same, to say so in. */
function openLog(role: Command): Logger {
  const secrets = secretsIn(process.env);
  try {
    return createLogger(role, readLogLevel(process.env), secrets);
  } catch (error) {
    refuse(error, createLogger(role, 'info', secrets));
    process.exit(EXIT_USAGE);
  }
}

/** Says what is wrong with the environment, one line each; false where it was something else. */
function refuse(error: unknown, log: Logger): boolean {
  if (error instanceof OpsUsage) {
    log.fatal(error.message);
    return true;
  }
  if (!(error instanceof ConfigError || error instanceof PostureError)) return false;
  for (const problem of error.problems) log.fatal(problem);
  return true;
}

/**
 * Runs a role for as long as there is something to wait for; exits with 2 or 1 where it cannot start.
 * @param onRunning gets what a signal does from now on
 */
export async function run(
  role: string | undefined,
  onRunning: (leave: (signal: NodeJS.Signals) => void) => void,
): Promise<void> {
  if (!isCommand(role)) {
    console.error(role === undefined ? USAGE : `unknown role "${role}"; ${USAGE}`);
    process.exit(EXIT_USAGE);
  }
  const log = openLog(role);
  dieLoudly(log);
  try {
    const task = await start(role, log);
    if (!task) return;
    onRunning(leaving(task, log));
    log.info({ address: task.address }, 'listening');
    await task.failed;
  } catch (error) {
    if (refuse(error, log)) process.exit(EXIT_USAGE);
    log.fatal(
      { error: describeError(error), stack: error instanceof Error ? error.stack : undefined },
      `${role} cannot start`,
    );
    process.exit(1);
  }
}
