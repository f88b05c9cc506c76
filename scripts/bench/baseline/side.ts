/** The two bots that are compared, each behind the same simulated outside, each told and looked at in the same way. */
import { fileURLToPath } from 'node:url';
import { withTx } from '../../../app/database/tx.ts';
import { credit } from '../../../app/ledger/index.ts';
import type { SimulatedNovita, SimulatedProvider, SimulatedTelegram } from '../../../local/contract/index.ts';
import { startNovita } from '../../../local/world/novita/index.ts';
import { startOpenRouter } from '../../../local/world/provider/index.ts';
import { startTelegram } from '../../../local/world/telegram/index.ts';
import { spellOut } from '../../../posture/resolve.ts';
import { openPool } from '../pool.ts';
import { benchPosture, query, WEBHOOK_SECRET, type Running, type Stage } from '../stage.ts';
import { CREDITS, IMAGE } from './numbers.ts';
import { until } from './until.ts';

const THEIRS = fileURLToPath(new URL('./theirs.ts', import.meta.url));

/**
 * Ours sells answers and pictures at the same prices; what else there is, is off. Not checked by its type: any of these
 * features may be taken out of the project.
 */
const CHANGES: object = {
  features: { chat: true, wallet: true, studio: true, broadcast: false, remind: false, admin: false },
  chat: { free: 0 },
  studio: { image: { price: IMAGE, takes: '1s' }, poll: { first: '500ms', max: '5s' }, atOnce: 40, perMinute: 10_000 },
  providers: { telegram: { rate: { global: 100_000, chat: 100_000, group: 100_000 } } },
};
const POSTURE = benchPosture(CHANGES);

export interface Outside {
  telegram: SimulatedTelegram;
  ai: SimulatedProvider;
  novita: SimulatedNovita;
}

export interface Side extends Outside {
  name: 'as reported' | 'here';
  /** Superuser's URL of its database. */
  database: string;
  /** Gives people credits before anything begins. */
  admit(users: readonly number[]): Promise<void>;
  /** Somebody asks for a picture, and agrees to the price where one is quoted. */
  order(user: number): Promise<void>;
  /** Messages that the bot has sent to somebody, without quotes and progress. */
  answers(user: number): number;
  pictures(user: number): number;
  /** What of the credits at the start nobody can explain by a record: people. */
  unexplained(users: readonly number[]): Promise<number>;
  /** Credits that were taken of somebody so far. */
  taken(user: number): Promise<number>;
  /** Somebody pays for credits: true where they are booked within 2 s. */
  pays(user: number): Promise<boolean>;
  /** SIGKILL, and another process at once. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Quotes and progress: no answers. */
const BESIDE =
  /^(You are short|A picture of this costs|Your order is in|Under way|Agreed|It is ready|The renderer is busy)/;

async function outside(): Promise<Outside & { env: Record<string, string>; stop: () => Promise<void> }> {
  const telegram = await startTelegram({ limits: {}, timeScale: 10 });
  const ai = await startOpenRouter();
  const novita = await startNovita({ takes: { image: 3_000, video: 3_000 } });
  return {
    telegram,
    ai,
    novita,
    env: {
      BOT_TOKEN: telegram.botToken,
      TELEGRAM_API_ROOT: telegram.apiRoot,
      OPENROUTER_API_KEY: ai.apiKey,
      OPENROUTER_BASE_URL: ai.baseUrl,
      NOVITA_API_KEY: novita.apiKey,
      NOVITA_BASE_URL: novita.baseUrl,
    },
    stop: async () => void (await Promise.all([telegram.stop(), ai.stop(), novita.stop()])),
  };
}

async function setWebhook({ apiRoot, botToken }: SimulatedTelegram, url: string): Promise<void> {
  const response = await fetch(`${apiRoot}/bot${botToken}/setWebhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: `${url}/telegram/webhook`, secret_token: WEBHOOK_SECRET, max_connections: 100 }),
  });
  if (!response.ok) throw new Error(`setWebhook: ${await response.text()}`);
}

const said = (telegram: SimulatedTelegram, user: number) =>
  telegram.messages(user).filter(({ from, text }) => from === 'bot' && !BESIDE.test(text));

export async function theirSide(stage: Stage): Promise<Side> {
  const world = await outside();
  const database = await stage.database(false);
  const start = () => stage.start(THEIRS, [], { ...world.env, DATABASE_URL: database }, '/ready');
  let bot = await start();
  await setWebhook(world.telegram, bot.url);
  const { telegram, ai, novita } = world;
  const pictures = (user: number) => said(telegram, user).filter(({ text }) => text.startsWith('Your picture')).length;
  return {
    name: 'as reported',
    telegram,
    ai,
    novita,
    database,
    async admit(users) {
      for (const user of users) telegram.open(user);
      await query(database, 'INSERT INTO users SELECT unnest($1::bigint[]), $2', [users, CREDITS]);
    },
    order: async (user) => void telegram.say(user, `/image picture ${user}`),
    answers: (user) => said(telegram, user).filter(({ text }) => !/^(Please wait|Your picture)/.test(text)).length,
    pictures,
    unexplained: async (users) =>
      (
        await query(
          database,
          `SELECT FROM users u WHERE id = ANY ($1) AND credits <> $2 + (SELECT coalesce(sum(amount), 0) FROM transactions t WHERE t.user_id = u.id)`,
          [users, CREDITS],
        )
      ).length,
    async taken(user) {
      const [row] = await query<{ credits: number }>(database, 'SELECT credits FROM users WHERE id = $1', [user]);
      return CREDITS - row!.credits;
    },
    pays: (user) =>
      pay(database, user).then(
        () => true,
        () => false,
      ),
    async kill() {
      process.kill(bot.pid, 'SIGKILL');
      await bot.stop();
      bot = await start();
      await setWebhook(telegram, bot.url);
    },
    async stop() {
      await bot.stop();
      await world.stop();
    },
  };
}

/** As their callback of a payment does it. */
const pay = (database: string, user: number) =>
  query(
    `${database}${database.includes('?') ? '&' : '?'}options=-c%20statement_timeout%3D2000`,
    'UPDATE users SET credits = credits + 100 WHERE id = $1',
    [user],
  );

export async function ourSide(stage: Stage): Promise<Side> {
  const world = await outside();
  const database = await stage.database(true);
  const { telegram, ai, novita } = world;
  const botId = Number(telegram.botToken.split(':')[0]);
  const env = { ...world.env, DATABASE_URL: database, POSTURE: JSON.stringify(spellOut(POSTURE)) };
  const pool = openPool(database, POSTURE, { max: 2, botId });
  const web = await stage.role('web', env);
  const start = (): Promise<Running> => stage.role('worker', { ...env, PUBLIC_URL: web.url });
  let worker = await start();
  await setWebhook(telegram, web.url);
  const give = (userId: number, cause: string) =>
    withTx(pool, (tx) => credit(tx, { botId, userId, cause }, { amount: BigInt(CREDITS), from: 'stars' }));
  const pictures = (user: number) => telegram.messages(user).filter(({ media }) => media !== undefined).length;
  return {
    name: 'here',
    telegram,
    ai,
    novita,
    database,
    async admit(users) {
      for (const user of users) {
        telegram.open(user);
        await give(user, `stars:start-${user}`);
      }
    },
    async order(user) {
      const quotes = () =>
        telegram
          .messages(user)
          .filter(({ from, buttons }) => from === 'bot' && /^Make it/.test(buttons[0]?.[0]?.text ?? ''));
      const before = new Set(quotes().map(({ messageId }) => messageId));
      telegram.say(user, `/image picture ${user}`);
      const quote = await until(() => quotes().find(({ messageId }) => !before.has(messageId)), 'a quoted price');
      telegram.tap(user, quote.messageId, quote.buttons[0]![0]!.callback_data!);
    },
    answers: (user) => said(telegram, user).filter(({ text, media }) => !media && /You asked/.test(text)).length,
    pictures,
    unexplained: async (users) =>
      (
        await query(
          database,
          `SELECT FROM evenkeel.account a WHERE user_id = ANY ($1)
             AND available + held <> (SELECT coalesce(sum(amount), 0) FROM evenkeel.ledger_entry e WHERE e.user_id = a.user_id)`,
          [users],
        )
      ).length,
    async taken(user) {
      const [row] = await query<{ taken: number }>(
        database,
        `SELECT coalesce(sum(amount), 0)::int AS taken FROM evenkeel.ledger_tx WHERE user_id = $1 AND kind = 'settle'`,
        [user],
      );
      return row!.taken;
    },
    pays: (user) =>
      Promise.race([
        give(user, `stars:again-${user}`).then(
          () => true,
          () => false,
        ),
        new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 2_000).unref()),
      ]),
    async kill() {
      process.kill(worker.pid, 'SIGKILL');
      await worker.stop();
      worker = await start();
    },
    async stop() {
      await Promise.all([web.stop(), worker.stop()]);
      await pool.end();
      await world.stop();
    },
  };
}
