/** The worker role: handles stored updates, chat by chat. */
import { Api, GrammyError } from 'grammy';
import type { UserFromGetMe } from 'grammy/types';
import { TASK_METRICS_EVERY } from '../../posture/alarms/index.ts';
import { CLOSING, settleTime } from '../../posture/limits.ts';
import { createBotHandler } from '../bot/bot.ts';
import { botIdOf, ConfigError, type Config } from '../config.ts';
import { assertDirect } from '../database/direct.ts';
import { startLineage } from '../database/lineage.ts';
import { startListener } from '../database/listener.ts';
import { createPool, sessionTimeouts } from '../database/pool.ts';
import { composeFeatures, gaugesOf, jobsOf, renderedOf, schedulesOf } from '../features/index.ts';
import { startFlags } from '../flags/index.ts';
import { ofSchedule } from '../flags/names.ts';
import { callbacks } from '../features/money/deposits.ts';
import { startGauges } from '../health/gauges.ts';
import { createHealthServer } from '../health/server.ts';
import { isCallback, isRendered } from '../intake/callbacks/index.ts';
import type { Progress } from '../progress.ts';
import { startJobs } from '../jobs/index.ts';
import { SCHEDULES_CHANNEL } from '../jobs/schedules.ts';
import { READY_CHANNEL } from '../lanes/announce.ts';
import { startEngine, type Engine } from '../lanes/engine.ts';
import type { Logger } from '../log.ts';
import { openTills } from '../payments/tills/index.ts';
import { createLimiter } from '../providers/limiter/index.ts';
import { createLeaseStore } from '../providers/limiter/lease.ts';
import { startBlocked } from '../outbox/blocked.ts';
import { createPost, startOutbox } from '../outbox/index.ts';
import { createAccessProvider } from '../providers/access.ts';
import { createNovita } from '../providers/novita.ts';
import { renderAddress } from '../providers/render-names.ts';
import { createOpenRouter } from '../providers/openrouter.ts';
import { createTelegramClient, type TelegramClient } from '../providers/telegram.ts';
import { onTextProblem } from '../texts/index.ts';
import { PEOPLE_CHANNEL, startPeople } from '../people/index.ts';
import { beginning, persist } from './persist.ts';
import type { Task } from './task.ts';

/** What runs by the clock and ends what looks unpaid: not before the payments are found that a restored database has lost. */
const WAIT_WHILE_HELD = [ofSchedule('lapse'), 'schedules.expiry', 'schedules.renewals'];

const IDLE: Progress = { inHand: 0, ended: 0 };

export async function startWorker({ posture, env }: Config<'worker'>, log: Logger): Promise<Task> {
  onTextProblem((problem) => log.warn({ problem }, 'a text is said in English instead'));
  const botId = botIdOf(env.BOT_TOKEN);
  const session = { url: env.DATABASE_URL, role: 'worker' as const, posture, log, server: env.DATABASE_SERVER };
  const pool = createPool({ ...session, botId });
  const ending = new AbortController();
  const telegram = createTelegramClient(
    posture,
    { apiRoot: env.TELEGRAM_API_ROOT, botToken: env.BOT_TOKEN },
    log,
    createLimiter(posture, createLeaseStore(pool, botId), log),
  );
  const openrouter = createOpenRouter(
    posture,
    { baseUrl: env.OPENROUTER_BASE_URL, apiKey: env.OPENROUTER_API_KEY ?? '' },
    log,
  );
  // Where there is a key, whatever is switched on: what was begun ends.
  const novita =
    env.NOVITA_API_KEY === undefined
      ? undefined
      : createNovita(posture, { baseUrl: env.NOVITA_BASE_URL, apiKey: env.NOVITA_API_KEY }, log);
  const accessProvider =
    env.ACCESS_API_KEY === undefined
      ? undefined
      : createAccessProvider(
          posture,
          { baseUrl: env.ACCESS_BASE_URL ?? posture.providers.access.address, apiKey: env.ACCESS_API_KEY },
          log,
        );
  const till = openTills(
    {
      ...(env.CRYPTO_PAY_TOKEN && { cryptoPay: { root: env.CRYPTO_PAY_ROOT, token: env.CRYPTO_PAY_TOKEN } }),
      ...(env.NOWPAYMENTS_API_KEY && { nowPayments: { root: env.NOWPAYMENTS_ROOT, key: env.NOWPAYMENTS_API_KEY } }),
      ...(env.PUBLIC_URL && { publicUrl: env.PUBLIC_URL }),
    },
    posture,
    log,
  );
  const providers = () => ({
    telegram: telegram.state(),
    openrouter: openrouter.state(),
    ...(novita && { novita: novita.state() }),
    ...(accessProvider && { access: accessProvider.state() }),
    ...till.states(),
  });
  let engine: Engine | undefined;
  let waitingFor: string | undefined = 'Telegram and the database';

  const server = createHealthServer({
    role: 'worker',
    botId,
    posture,
    pool,
    // Nobody but operators and the orchestrator reaches a worker.
    lookThrough: pool,
    operatorToken: env.OPERATOR_TOKEN,
    stack: env.STACK,
    log,
    health: {
      details: () => ({
        flags: flags.state(),
        lanes: engine?.state() ?? {},
        jobs: jobs.state(),
        outbox: outbox.state(),
        providers: providers(),
        leases: { lost: engine?.lost() ?? 0 },
        listener: { connected: listener.connected() ? 1 : 0 },
        ...gauges.state(),
        lineage: { held: lineage.held()?.length === 0 ? 0 : 1 },
      }),
      reasons: () => [
        ...(waitingFor ? [`waiting for ${waitingFor}`] : []),
        ...Object.entries(providers())
          .filter(([, { breaker }]) => breaker !== 'closed')
          .map(([name, { breaker }]) => `${name}: breaker is ${breaker}`),
      ],
      notReady: () => (waitingFor ? `waiting for ${waitingFor}` : undefined),
    },
  });
  const listener = startListener({
    ...session,
    channels: [READY_CHANNEL, PEOPLE_CHANNEL, SCHEDULES_CHANNEL],
    onNotify: (channel) => {
      if (channel === PEOPLE_CHANNEL) people.wake();
      else if (channel === SCHEDULES_CHANNEL) jobs.wake();
      else engine?.wake();
    },
  });
  const flags = startFlags({ posture, db: () => listener.connection() ?? pool, log });
  const lineage = startLineage({ db: () => listener.connection() ?? pool, log });
  const gauges = startGauges({ gauges: gaugesOf(), pool, botId, every: TASK_METRICS_EVERY, log });
  const api = new Api(env.BOT_TOKEN, { apiRoot: env.TELEGRAM_API_ROOT });
  api.config.use(telegram.transformer());
  const blocked = startBlocked(pool, botId, log);
  const post = createPost({ telegram, botToken: env.BOT_TOKEN, apiRoot: env.TELEGRAM_API_ROOT });
  const { PUBLIC_URL: publicUrl, BOT_TOKEN: botToken } = env;
  const callbackOf = publicUrl === undefined ? undefined : (name: string) => renderAddress(publicUrl, botToken, name);
  const needs = {
    pool,
    posture,
    botId,
    api,
    tills: till.tills,
    novita,
    accessProvider,
    callbackOf,
    toMany: { post, mark: blocked.mark },
  };
  const jobs = startJobs({
    pool,
    connection: () => listener.connection(),
    botId,
    posture,
    role: 'worker',
    jobs: jobsOf(needs),
    schedules: schedulesOf(needs),
    isOn: (name) => flags.isOn(name) && !(WAIT_WHILE_HELD.includes(name) && lineage.held()?.length !== 0),
    seen: () => lineage.seen(),
    log,
  });

  const people = startPeople({ pool, botId, log });
  const outbox = startOutbox({
    pool,
    telegram,
    botToken: env.BOT_TOKEN,
    apiRoot: env.TELEGRAM_API_ROOT,
    botId,
    posture,
    blocked,
    seen: () => lineage.seen(),
    log,
  });

  // Live at once, ready when what it needs has answered (fault slow-start).
  await server.app.listen({ port: env.PORT, host: env.HOST });

  async function begin(): Promise<void> {
    const me = await whoAmI(telegram, env, log, ending.signal);
    waitingFor = 'the database';
    await persist('the database is not ready', log, ending.signal, async () => {
      await assertDirect(pool, sessionTimeouts(posture));
      await pool.query('SELECT FROM evenkeel.lane LIMIT 1');
      await lineage.load();
      await flags.load();
      await people.load();
    });
    const told = callbacks({ tills: till.tills });
    const over = renderedOf(needs);
    const handle = createBotHandler({
      botToken: env.BOT_TOKEN,
      apiRoot: env.TELEGRAM_API_ROOT,
      me,
      telegram,
      features: composeFeatures({
        pool,
        posture,
        openrouter,
        tills: till.tills,
        people,
        isOn: (name) => flags.isOn(name),
      }),
      jobs: posture.jobs,
      people: blocked,
      languages: people,
    });
    engine = startEngine({
      pool,
      connection: () => listener.connection(),
      botId,
      posture,
      handle: (turn) => (isCallback(turn.update) ? (isRendered(turn.update) ? over(turn) : told(turn)) : handle(turn)),
      log,
    });
    waitingFor = undefined;
    log.info({ bot: me.username, lanes: posture.jobs.chat.lanes }, 'handling updates');
  }

  const { failed, begun } = beginning(begin, ending.signal);

  async function drain(): Promise<void> {
    ending.abort(new Error('draining'));
    server.leave();
    await begun;
    // A second is kept for closing what is left, and for what has to be put back the time that this takes.
    const cutAfter = posture.worker.drain - CLOSING - settleTime(posture);
    await Promise.all([engine?.drain(posture.worker.drain - CLOSING), jobs.stop(cutAfter), outbox.stop(cutAfter)]);
    await Promise.all([flags.stop(), lineage.stop(), people.stop(), blocked.stop(), listener.stop(), gauges.stop()]);
    await Promise.all([telegram.close(), openrouter.close(), novita?.close(), accessProvider?.close(), till.close()]);
    await server.close();
    await pool.end();
  }

  return {
    address: server.app.server.address(),
    drain,
    drainWithin: posture.worker.drain,
    failed,
    progress: () => {
      const all = [engine?.progress() ?? IDLE, jobs.progress(), outbox.progress()];
      const sum = (what: keyof Progress) => all.reduce((total, part) => total + part[what], 0);
      return { inHand: sum('inHand'), ended: sum('ended') };
    },
    // Told by the connection that LISTENs, which is asked every few seconds and is not of the pool: handlers that hold
    // all of the pool are no outage.
    excused: () => !listener.connected(),
  };
}

/** The bot's own name, which group commands are addressed to. Also the first proof that the token is right. */
async function whoAmI(
  telegram: TelegramClient,
  env: Config<'worker'>['env'],
  log: Logger,
  signal: AbortSignal,
): Promise<UserFromGetMe> {
  const api = new Api(env.BOT_TOKEN, { apiRoot: env.TELEGRAM_API_ROOT });
  api.config.use(telegram.transformer());
  return persist('Telegram does not answer', log, signal, async () => {
    try {
      const me = await api.getMe(signal as unknown as Parameters<typeof api.getMe>[0]);
      if (typeof (me as Partial<UserFromGetMe> | undefined)?.username !== 'string')
        throw new Error('getMe was answered without a bot in it');
      return me;
    } catch (error) {
      if (error instanceof GrammyError && (error.error_code === 401 || error.error_code === 404)) {
        throw new ConfigError([
          `BOT_TOKEN: Telegram says ${error.error_code} ${error.description}; set it to the token that @BotFather gave`,
        ]);
      }
      throw error;
    }
  });
}
