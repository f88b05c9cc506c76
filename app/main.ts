/** `node app/main.ts web|worker|migrate|sentinel`: starts one role by the container contract and ends it by the posture. */
import { assertProven } from '../posture/laws/index.ts';
import { PostureError } from '../posture/resolve.ts';
import { ConfigError, readConfig, ROLES, type Config, type Role } from './config.ts';
import { startWatchdog } from './health/watchdog.ts';
import { createLogger, describeError, type Logger } from './log.ts';
import { migrate } from './roles/migrate.ts';
import { startSentinelRole } from './roles/sentinel.ts';
import type { Task } from './roles/task.ts';
import { startWeb } from './roles/web.ts';
import { startWorker } from './roles/worker.ts';

const COMMANDS = [...ROLES, 'sentinel'] as const;
type Command = (typeof COMMANDS)[number];

const USAGE = `usage: node app/main.ts ${COMMANDS.join('|')}   (environment: see README, "Container contract")`;

/** Exit codes: 2 asks for another command or environment, 1 for a look at the log. */
const EXIT_USAGE = 2;

const isCommand = (text: string | undefined): text is Command => COMMANDS.includes(text as Command);

async function start(command: Command, log: Logger): Promise<Task | undefined> {
  switch (command) {
    case 'sentinel':
      return startSentinelRole(process.env, log);
    case 'migrate':
      await migrate(provenConfig(command), log);
      return undefined;
    case 'web': {
      const config = provenConfig(command);
      return watched(config, await startWeb(config, log), log);
    }
    case 'worker': {
      const config = provenConfig(command);
      return watched(config, await startWorker(config, log), log);
    }
  }
}

/** The environment of a role, with a posture that all laws hold for. */
function provenConfig<R extends Role>(role: R): Config<R> {
  const config = readConfig(role);
  assertProven(config.posture);
  return config;
}

function watched({ posture }: Config<Role>, task: Task, log: Logger): Task {
  startWatchdog({ ...posture.watchdog, progress: task.progress, log });
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
