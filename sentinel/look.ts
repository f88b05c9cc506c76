/** One look from outside: both questions at once, under one deadline. */
import { HEALTH_PATH } from '../contract/paths.ts';
import { readBot, readTelegram, type BotAnswer, type TelegramAnswer } from './answers.ts';
import { ask } from './ask.ts';
import { countTasks, type CountTasks, type TasksAnswer } from './tasks.ts';

export interface LookOptions {
  /** Root of the Bot API, without a slash at the end. */
  telegramApiRoot: string;
  botToken: string;
  /** Address of the bot, without a slash at the end. */
  publicUrl: string;
  operatorToken: string;
  /** Counts the bot's tasks. Default: nobody can, and none are counted. */
  countTasks?: CountTasks | undefined;
  /** Deadline of the whole look, ms. */
  timeout: number;
  /** Ends the look early. */
  signal?: AbortSignal;
}

export interface Look {
  telegram: TelegramAnswer;
  bot: BotAnswer;
  /** Absent where nobody can count tasks. */
  tasks?: TasksAnswer;
}

/** Asks Telegram for the webhook, the bot for its health, and who runs the tasks how many there are. Never throws and never takes longer than `timeout`. */
export async function look(options: LookOptions): Promise<Look> {
  const deadline = AbortSignal.timeout(options.timeout);
  const signal = options.signal ? AbortSignal.any([deadline, options.signal]) : deadline;
  const [telegram, bot, tasks] = await Promise.all([
    ask({ url: `${options.telegramApiRoot}/bot${options.botToken}/getWebhookInfo`, signal }),
    ask({
      url: `${options.publicUrl}${HEALTH_PATH}`,
      headers: { authorization: `Bearer ${options.operatorToken}`, accept: 'application/json' },
      signal,
    }),
    options.countTasks && countTasks(options.countTasks, signal),
  ]);
  return { telegram: readTelegram(telegram), bot: readBot(bot), ...(tasks && { tasks }) };
}
