/** A bot that sells: a web task as a process, its worker's lanes in the test process, and people who pay at the simulated Telegram. */
import { Api } from 'grammy';
import { jobsOf } from '../../app/features/index.ts';
import { callbacks } from '../../app/features/money/deposits.ts';
import { isCallback } from '../../app/intake/callbacks/index.ts';
import type { Tills } from '../../app/payments/tills/index.ts';
import { createBoss } from '../../app/jobs/boss.ts';
import { startJobWorker } from '../../app/jobs/worker.ts';
import { checkLedger, isSound, balanceOf, type Balance } from '../../app/ledger/index.ts';
import type { Pool } from '../../app/database/pool.ts';
import type { ChatMessage } from '../../local/contract/index.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { startBlocked } from '../../app/outbox/blocked.ts';
import { createPost, startOutbox } from '../../app/outbox/index.ts';
import { createTestBot } from './bot.ts';
import { cleanup, type Owner } from './cleanup.ts';
import type { TestDatabase } from './database.ts';
import { startLanes, type Lanes } from './lanes.ts';
import { waitFor } from './wait.ts';
import type { TaskProcess } from './task.ts';
import type { World } from './world.ts';

export interface Shop {
  database: TestDatabase;
  web: TaskProcess;
  api: Api;
  pool: Pool;
  lanes: Lanes;
  /** The person presses "Top up" and chooses a package; resolves to the message with its invoice. */
  invoice(user: number, name?: string): Promise<ChatMessage>;
  /** Asks for a package and pays it; resolves when its receipt is there. */
  topUp(user: number, name?: string): Promise<ChatMessage>;
  /** The person chooses a subscription; resolves to the link that leads to its invoice, and the payload behind it. */
  subscription(user: number, name?: string): Promise<{ url: string; payload: string }>;
  /** What the bot says next to this person, from when this is called. */
  next(user: number, matching: RegExp): Promise<ChatMessage>;
  /** Says something, and resolves to what the bot answers. */
  ask(user: number, text: string, answer: RegExp): Promise<ChatMessage>;
  balance(user: number): Promise<Balance>;
  /** What Telegram says of a payment in 50 Stars, as an update of its own once more. */
  paidAgain(user: number, charge: string, updateId: number): Promise<void>;
  /** Every update is settled. */
  settled(): Promise<void>;
  /** Fails where the ledger does not agree with itself. */
  sound(): Promise<void>;
}

export interface ShopOptions {
  database: TestDatabase;
  posture?: Posture;
  /** Providers of payments beside Telegram, and what the web task is given to take their callbacks. */
  tills?: Tills;
  env?: Record<string, string>;
}

/** What the bot says next to a person, from when the function is called. */
export const listener =
  (telegram: World['telegram']) =>
  (user: number, matching: RegExp, within?: number): Promise<ChatMessage> => {
    const said = () => telegram.messages(user).filter(({ from }) => from === 'bot');
    const before = said().at(-1)?.messageId ?? 0;
    return waitFor(() => said().find(({ messageId, text }) => messageId > before && matching.test(text)), {
      what: `${matching} to ${user}`,
      ...(within !== undefined && { within }),
    });
  };

export async function openShop(
  owner: Owner,
  world: World,
  { database, posture = world.posture, tills = {}, env = {} }: ShopOptions,
): Promise<Shop> {
  const undo = cleanup(owner);
  const { telegram, botId } = world;
  const bot = createTestBot({ after: undo }, { world, database, posture, tills });
  const told = callbacks({ tills });
  const api = new Api(telegram.botToken, { apiRoot: telegram.apiRoot });
  api.config.use(bot.telegram.transformer());
  const boss = createBoss(bot.pool, bot.logs.log);
  undo(() => boss.stop({ graceful: false }));
  const { botToken, apiRoot } = telegram;
  const blocked = startBlocked(bot.pool, botId, bot.logs.log);
  undo(() => blocked.stop());
  const post = createPost({ telegram: bot.telegram, botToken, apiRoot });
  const jobs = startJobWorker({
    pool: bot.pool,
    connection: () => undefined,
    boss,
    botId,
    posture,
    jobs: jobsOf({ pool: bot.pool, posture, api, botId, tills, toMany: { post, mark: blocked.mark } }),
    log: bot.logs.log,
  });
  undo(() => jobs.stop(0));
  const outbox = startOutbox({
    pool: bot.pool,
    telegram: bot.telegram,
    botToken,
    apiRoot,
    botId,
    posture,
    blocked,
    log: bot.logs.log,
  });
  undo(() => outbox.stop(0));
  const lanes = await startLanes(
    { after: undo },
    {
      database,
      posture,
      botId,
      handle: (turn) => (isCallback(turn.update) ? told(turn) : bot.handle(turn)),
      logs: bot.logs,
    },
  );
  const web = await world.startTask({ after: undo }, 'web', { database, env });
  await web.ready();
  await world.setWebhook(web);
  const next = listener(telegram);

  async function invoice(user: number, name = 'small'): Promise<ChatMessage> {
    const offered = next(user, /Which package/);
    telegram.say(user, '/topup');
    const { messageId } = await offered;
    const sent = next(user, /^\d+ credits\n/);
    telegram.tap(user, messageId, `buy:${name}`);
    return sent;
  }

  async function subscription(user: number, name = 'monthly') {
    const offered = next(user, /every month, for Telegram Stars/);
    telegram.say(user, '/subscribe');
    const { messageId } = await offered;
    const sent = next(user, /until you cancel/);
    telegram.tap(user, messageId, `plan:${name}`);
    const url = (await sent).buttons[0]![0]!.url!;
    const [{ id } = { id: '' }] = await database.sql<{ id: string }>(
      `SELECT id FROM evenkeel.purchase WHERE user_id = $1 AND period IS NOT NULL ORDER BY created_at DESC LIMIT 1`,
      [user],
    );
    return { url, payload: id };
  }

  return {
    database,
    web,
    api,
    subscription,
    pool: bot.pool,
    lanes,
    invoice,
    next,
    async topUp(user, name) {
      const { messageId } = await invoice(user, name);
      const receipt = next(user, /^Receipt/);
      telegram.pay(user, messageId);
      return receipt;
    },
    ask(user, text, answer) {
      const answered = next(user, answer);
      telegram.say(user, text);
      return answered;
    },
    balance: (userId) => balanceOf(bot.pool, { botId, userId }),
    async paidAgain(user, charge, updateId) {
      const successful_payment = {
        currency: 'XTR',
        total_amount: 50,
        invoice_payload: 'x',
        telegram_payment_charge_id: charge,
        provider_payment_charge_id: '',
      };
      const from = { id: user, is_bot: false, first_name: 'Ada' };
      const chat = { id: user, type: 'private', first_name: 'Ada' };
      const message = { message_id: 99, date: 1, from, chat, successful_payment };
      await database.sql(
        `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, body) VALUES ($1, $2, 'payment', $3, $4)`,
        [botId, updateId, `${botId}:pay:${user}`, JSON.stringify({ update_id: updateId, message })],
      );
    },
    async settled() {
      await waitFor(() => telegram.stats().pending === 0 && telegram.stats().repeatsPending === 0, {
        what: 'Telegram to have delivered everything',
      });
      await waitFor(
        async () =>
          (await database.sql(`SELECT FROM evenkeel.inbox WHERE state = 'pending' LIMIT 1`)).length === 0 &&
          (await database.sql(`SELECT FROM evenkeel.lane LIMIT 1`)).length === 0,
        { what: 'every update to be settled' },
      );
    },
    async sound() {
      const check = await checkLedger(bot.pool);
      if (!isSound(check))
        throw new Error(`the ledger does not agree with itself: ${JSON.stringify(check.mismatched)}`);
    },
  };
}
