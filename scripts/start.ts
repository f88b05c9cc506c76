/** `npm start`: the bot on this machine, from the posture of a stack. See scripts/start/options.ts for the options. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve as absolute } from 'node:path';
import { startControlRoom } from '../local/control-room/server.ts';
import { readLedger } from '../local/platform/ledger.ts';
import { startOncall } from '../local/oncall/watch.ts';
import { startPlatform, type Platform } from '../local/platform/platform.ts';
import { isFree, portHolder } from '../local/platform/ports.ts';
import { assertProven, laws } from '../posture/laws/index.ts';
import { PostureError } from '../posture/resolve.ts';
import { UsageError } from './command-line.ts';
import { operatorHere } from './ops/here.ts';
import { loadStack } from './stack-file.ts';
import { openBrowser } from './start/browser.ts';
import { deployOnChange } from './start/watch.ts';
import { HELP, InTheWay, parseOptions, type StartOptions } from './start/options.ts';
import { ownSettings } from './start/settings.ts';
import { createReport, timed, type Report } from './start/report.ts';
import { onEndSignals } from './start/signals.ts';
import { startWorld } from './start/world.ts';

const HOST = '127.0.0.1';
const KEPT = '.evenkeel';

/** What has to be ended, in the reverse order of its start. */
interface Run {
  undo: AsyncDisposableStack;
  platform: Platform | undefined;
}

/** @throws {InTheWay} before anything is started */
async function claimPort(port: number): Promise<void> {
  if (port === 0 || (await isFree(port, HOST))) return;
  const holder = await portHolder(port);
  const by = holder ? ` by process ${holder.pid} (${holder.command.slice(0, 80)})` : '';
  const ours = holder?.command.includes('scripts/start.ts') ? `Evenkeel already runs at http://${HOST}:${port}: ` : '';
  throw new InTheWay(`${ours}port ${port} is taken${by}; choose another: npm start -- --port ${port + 100}`);
}

async function start(options: StartOptions, report: Report, run: Run, signal: AbortSignal): Promise<void> {
  const { posture, file } = await timed(
    report,
    `posture of stack ${options.stack}: ${laws.length} laws hold`,
    async () => {
      const stack = await provenStack(options);
      // After the posture: whoever tries one beside a running bot is told of what is wrong with it first.
      await claimPort(options.port);
      return stack;
    },
  );
  const dataDirectory = options.keep ? absolute(KEPT) : await mkdtemp(join(tmpdir(), 'evenkeel-'));
  const world = await timed(
    report,
    ({ name }) => name,
    () =>
      startWorld({
        posture,
        env: process.env,
        takeOver: options.takeOver,
        ...(options.keep && { keepIn: dataDirectory }),
        say: report.say,
      }),
  );
  run.undo.defer(() => world.stop());

  const platform = await startPlatform({
    posture,
    dataDirectory,
    keep: options.keep,
    env: world.env,
    say: report.say,
    onStep: report.step,
    signal,
  });
  run.platform = platform;
  run.undo.defer(() => platform.stop());
  run.undo.defer(await world.connect(platform, report.say));

  const ledger = readLedger(platform.databaseUrl, botIdOf(world.env));
  run.undo.defer(() => ledger.stop());
  const { BOT_TOKEN: botToken = '', TELEGRAM_API_ROOT: apiRoot = '' } = world.env;
  const oncall = startOncall({
    platform,
    posture,
    operatorToken: platform.operatorToken,
    telegram: world.telegram && { apiRoot, botToken },
  });
  run.undo.defer(() => oncall.stop());
  const room = await startControlRoom({
    port: options.port,
    host: HOST,
    telegram: world.telegram,
    provider: world.provider,
    novita: world.novita,
    access: world.access,
    media: world.media,
    objects: world.objects,
    payers: world.payers,
    platform,
    posture,
    stack: options.stack,
    oncall,
    ledger: (userId) => ledger.read(userId),
    operator: operatorHere(platform.operatorUrl, posture, 'the control room'),
    ...(world.bot ? { bot: world.bot } : {}),
  });
  run.undo.defer(() => room.stop());
  signal.throwIfAborted();

  if (options.watch) run.undo.defer(deployOnChange(platform, report.say));
  report.ready(room.url, hints(options, platform, world.bot?.username), {
    stack: file,
    pid: process.pid,
    frontDoor: platform.url,
    telegramApiRoot: world.env['TELEGRAM_API_ROOT'],
    dataDirectories: platform.dataDirectories,
    logs: platform.logs,
  });
  if (options.browser && !options.json) openBrowser(room.url);
}

/** What stands before the colon of a token. */
const botIdOf = (env: Record<string, string>): number => Number(env['BOT_TOKEN']!.split(':')[0]);

async function provenStack({ stack, set }: StartOptions) {
  const own = ownSettings(process.env);
  const loaded = await loadStack(stack, process.cwd(), [...own, ...set]);
  assertProven(loaded.posture);
  return loaded;
}

function hints({ keep }: StartOptions, platform: Platform, username: string | undefined): string[] {
  return [
    ...(keep ? [`data kept in ${platform.dataDirectories.join(' and ')}`] : []),
    ...(username ? [`write to https://t.me/${username}`] : []),
    `logs in ${platform.logs}`,
  ];
}

/** Errors that a person can act on are their message; any other is a defect and shows where it came from. */
function explain(error: unknown): string {
  if (error instanceof PostureError) return error.problems.join('\n');
  if (error instanceof UsageError || error instanceof InTheWay) return error.message;
  if (!(error instanceof Error)) return String(error);
  return process.env['DEBUG'] ? (error.stack ?? error.message) : `${error.message} (DEBUG=1 npm start shows where)`;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return void console.log(HELP);
  const report = createReport(options.json);
  // A pipe that nobody reads any more is no reason to stop.
  process.stdout.on('error', () => undefined);
  const cancel = new AbortController();
  const ended = new Promise<void>((end) => cancel.signal.addEventListener('abort', () => end()));
  const run: Run = { undo: new AsyncDisposableStack(), platform: undefined };

  onEndSignals(
    () => {
      report.doing('draining; once more Ctrl-C ends it at once');
      cancel.abort();
    },
    () => {
      report.doing('ending at once');
      // The guard takes away what is left.
      void (run.platform?.end() ?? Promise.resolve()).finally(() => process.exit(130));
    },
  );
  try {
    await start(options, report, run, cancel.signal);
    await ended;
  } catch (error) {
    if (!cancel.signal.aborted) throw error;
  } finally {
    await run.undo.disposeAsync();
  }
  if (options.keep) report.doing(`data kept in ${(run.platform?.dataDirectories ?? [absolute(KEPT)]).join(' and ')}`);
}

try {
  await main();
} catch (error) {
  console.error(explain(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
