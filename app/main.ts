/** `node app/main.ts web|worker|migrate|sentinel`: starts one role by the container contract and ends it by the posture. */
import { PostureError } from '../posture/resolve.ts';
import { assertProven } from '../posture/laws/index.ts';
import { ConfigError, readConfig, ROLES } from './config.ts';
import { migrate } from './database/migrate.ts';
import { startWatchdog } from './health/watchdog.ts';
import { createLogger, describeError, type Logger } from './log.ts';
import type { Task } from './task.ts';
import { startSentinelRole } from './sentinel/role.ts';
import { startWeb } from './web.ts';
import { startWorker } from './worker.ts';

const COMMANDS = [...ROLES, 'sentinel'] as const;
type Command = (typeof COMMANDS)[number];

const USAGE = `usage: node app/main.ts ${COMMANDS.join('|')}   (environment: see README, "Container contract")`;

/** Exit codes: 2 asks for another command or environment, 1 for a look at the log. */
const EXIT_USAGE = 2;

const isCommand = (text: string | undefined): text is Command => COMMANDS.includes(text as Command);

async function start(role: Command, log: Logger): Promise<Task | undefined> {
  if (role === 'sentinel') return startSentinelRole(process.env, log);
  if (role === 'migrate') {
    const config = readConfig(role);
    assertProven(config.posture);
    await migrate(config, log);
    return undefined;
  }
  const config = readConfig(role);
  assertProven(config.posture);
  const task = await (config.role === 'web'
    ? startWeb(config as ReturnType<typeof readConfig<'web'>>, log)
    : startWorker(config as ReturnType<typeof readConfig<'worker'>>, log));
  startWatchdog({ ...config.posture.watchdog, progress: task.progress, log });
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

function drainOnSignal(task: Task, log: Logger): void {
  let leaving = false;
  const leave = (signal: NodeJS.Signals) => {
    if (leaving) return;
    leaving = true;
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
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
}

const role = process.argv[2];
if (!isCommand(role)) {
  console.error(role === undefined ? USAGE : `unknown role "${role}"; ${USAGE}`);
  process.exit(EXIT_USAGE);
}
const log = createLogger(role);
dieLoudly(log);
try {
  const task = await start(role, log);
  if (task) {
    log.info({ address: task.address }, 'listening');
    drainOnSignal(task, log);
    await task.failed;
  }
} catch (error) {
  if (error instanceof ConfigError || error instanceof PostureError) {
    for (const problem of error.problems) log.fatal(problem);
    process.exit(EXIT_USAGE);
  }
  log.fatal(
    { error: describeError(error), stack: error instanceof Error ? error.stack : undefined },
    `${role} cannot start`,
  );
  process.exit(1);
}
