/** The outside of the bot: the simulated Telegram, AI provider and payers, or the real ones where a token or key is given. */
import { join } from 'node:path';
import type { Simulated } from '../../local/contract/index.ts';
import type { Platform } from '../../local/platform/platform.ts';
import { startPoller } from '../../local/platform/poller.ts';
import { callTelegram, TelegramError, type TelegramApi } from '../../local/platform/telegram-api.ts';
import { startAccess } from '../../local/world/access/index.ts';
import { startMedia } from '../../local/world/media/index.ts';
import { startNovita } from '../../local/world/novita/index.ts';
import { startObjects } from '../../local/world/objects/index.ts';
import { startOpenRouter } from '../../local/world/provider/index.ts';
import { storeEnvironment } from '../../local/world/objects/environment.ts';
import { startTelegram } from '../../local/world/telegram/index.ts';
import { menus, scopeOf } from '../../posture/commands.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { keptTelegram } from './kept.ts';
import { InTheWay } from './options.ts';
import { startPayers } from './payers.ts';

export interface World extends Simulated {
  /** For the tasks. */
  env: Record<string, string>;
  /** One line for the report. */
  name: string;
  /** The real bot. */
  bot: { username: string } | undefined;
  /** Lets updates flow into the platform; returns what ends that. */
  connect(platform: Platform, say: (line: string) => void): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  posture: Posture;
  /** Where BOT_TOKEN, TELEGRAM_API_ROOT, OPENROUTER_API_KEY, OPENROUTER_BASE_URL, NOVITA_API_KEY, ACCESS_API_KEY, ACCESS_BASE_URL and the keys of payers may stand. */
  env: NodeJS.ProcessEnv;
  takeOver: boolean;
  /** Directory in which the simulated Telegram is kept for the next start. */
  keepIn?: string;
  say: (line: string) => void;
}

/** Between two words of the simulated AI's answers, ms: as a person would see a model write. */
const WORD = 40;
const REAL_TELEGRAM = 'https://api.telegram.org';
const nothing = () => Promise.resolve();

/** @throws {InTheWay} when the bot's token is refused, or its webhook is in the way */
export async function startWorld(options: WorldOptions): Promise<World> {
  await using undo = new AsyncDisposableStack();
  const ai = await byKey(options.env, 'OpenRouter', 'OPENROUTER', () => startOpenRouter({ pace: WORD }));
  undo.defer(() => ai.stop());
  const renderer = await byKey(options.env, 'Novita', 'NOVITA', startNovita);
  undo.defer(() => renderer.stop());
  const accesses = await byKey(options.env, 'access provider', 'ACCESS', startAccess);
  undo.defer(() => accesses.stop());
  const sites = await startMedia();
  undo.defer(() => sites.stop());
  const objects = await startObjects();
  undo.defer(() => objects.stop());
  const till = await startPayers(options.env);
  undo.defer(() => till.stop());
  const side = options.env['BOT_TOKEN']
    ? await realTelegram(options, options.env['BOT_TOKEN'])
    : await simulatedTelegram(options);
  undo.defer(() => side.stop());
  const all = undo.move();
  return {
    ...side,
    env: {
      ...side.env,
      ...ai.env,
      ...renderer.env,
      ...accesses.env,
      ...till.env,
      SIMULATED_SITES: sites.address,
      SIMULATED_NAMES: sites.names,
      ...storeEnvironment(objects),
      ...(options.env['YT_DLP'] && { YT_DLP: options.env['YT_DLP'] }),
    },
    name: [side.name, ai.name, renderer.name, accesses.name, ...till.names].join(', '),
    provider: ai.simulated,
    novita: renderer.simulated,
    access: accesses.simulated,
    media: sites,
    objects,
    payers: till.payers,
    async connect(platform, say) {
      till.connect(platform.url);
      return side.connect(platform, say);
    },
    stop: () => all.disposeAsync(),
  };
}

/** The real one where its key is given, by the variables that the tasks know as well; else a simulated one. */
async function byKey<Simulation extends { apiKey: string; baseUrl: string; stop(): Promise<void> }>(
  env: NodeJS.ProcessEnv,
  name: string,
  variables: 'OPENROUTER' | 'NOVITA' | 'ACCESS',
  simulate: () => Promise<Simulation>,
) {
  const [apiKey, baseUrl] = [`${variables}_API_KEY`, `${variables}_BASE_URL`];
  const key = env[apiKey];
  if (key) {
    const base = env[baseUrl];
    const given = { [apiKey]: key, ...(base && { [baseUrl]: base }) };
    return { name: `real ${name}`, env: given, simulated: undefined, stop: nothing };
  }
  const simulated = await simulate();
  return {
    name: `simulated ${name}`,
    env: { [apiKey]: simulated.apiKey, [baseUrl]: simulated.baseUrl },
    simulated,
    stop: () => simulated.stop(),
  };
}

type Side = Omit<World, 'provider' | 'payers' | 'novita' | 'access' | 'media' | 'objects'>;

async function simulatedTelegram({ posture, keepIn }: WorldOptions): Promise<Side> {
  const kept = keepIn === undefined ? undefined : await keptTelegram(join(keepIn, 'telegram.json'));
  const telegram = kept?.telegram ?? (await startTelegram());
  const api = { root: telegram.apiRoot, token: telegram.botToken };
  return {
    name: 'simulated Telegram',
    env: { BOT_TOKEN: telegram.botToken, TELEGRAM_API_ROOT: telegram.apiRoot },
    telegram,
    bot: undefined,
    async connect(platform) {
      await kept?.keep();
      await callTelegram(api, 'setWebhook', {
        url: platform.webhookUrl,
        secret_token: platform.webhookSecret,
        max_connections: posture.telegram.maxConnections,
        allowed_updates: posture.telegram.allowedUpdates,
      });
      // Telegram takes no menu of a chat that is not there: here they have opened the bot already.
      for (const id of [...posture.people.owners, ...posture.people.support]) telegram.open(id);
      await setCommands(api, posture);
      return nothing;
    },
    stop: () => telegram.stop(),
  };
}

async function realTelegram({ posture, env, takeOver, say }: WorldOptions, token: string): Promise<Side> {
  const api: TelegramApi = { root: env['TELEGRAM_API_ROOT'] ?? REAL_TELEGRAM, token };
  const username = await whoAmI(api);
  await mindWebhook(api, username, takeOver, say);
  return {
    name: `@${username} on the real Telegram`,
    env: { BOT_TOKEN: token, TELEGRAM_API_ROOT: api.root },
    telegram: undefined,
    bot: { username },
    async connect(platform, tell) {
      await setCommands(api, posture);
      const { webhookUrl, webhookSecret } = platform;
      const { allowedUpdates } = posture.telegram;
      const poller = startPoller({ telegram: api, allowedUpdates, webhookUrl, webhookSecret, say: tell });
      return () => poller.stop();
    },
    stop: nothing,
  };
}

/** As the deployment does it in the cloud (infra/aws/commands.ts). */
async function setCommands(api: TelegramApi, posture: Posture): Promise<void> {
  for (const menu of menus(posture)) {
    const { language, commands } = menu;
    await callTelegram(api, 'setMyCommands', { scope: scopeOf(menu), language_code: language, commands }).catch(
      (error: unknown) => {
        // Somebody with a role who has never opened the bot.
        if (menu.chat === undefined || !(error instanceof TelegramError) || error.code !== 400) throw error;
      },
    );
  }
}

async function whoAmI(api: TelegramApi): Promise<string> {
  if (!/^\d+:[\w-]{10,}$/.test(api.token))
    throw new InTheWay('BOT_TOKEN is not a token such as "123456:ABC-DEF…": copy it from @BotFather');
  try {
    return (await callTelegram<{ username: string }>(api, 'getMe')).username;
  } catch (error) {
    if (!(error instanceof TelegramError)) throw error;
    // A token that never was is 401; one whose form is wrong is 404.
    if (error.code === 401 || error.code === 404)
      throw new InTheWay(`Telegram does not know this BOT_TOKEN (${error.code}): copy it again from @BotFather`);
    throw new InTheWay(`Telegram at ${new URL(api.root).origin} cannot be asked: ${error.message}`);
  }
}

/** A webhook belongs to whoever set it: it is not removed unless asked for (fault webhook-race). */
async function mindWebhook(api: TelegramApi, username: string, takeOver: boolean, say: (line: string) => void) {
  const { url } = await callTelegram<{ url: string }>(api, 'getWebhookInfo');
  if (url === '') return;
  // The path of a webhook may be its owner's secret.
  const { origin } = new URL(url);
  if (!takeOver)
    throw new InTheWay(
      `@${username} has a webhook at ${origin}, which long polling would replace: use another bot, or npm start -- --take-over to remove it`,
    );
  await callTelegram(api, 'deleteWebhook', { drop_pending_updates: false });
  say(`the webhook of @${username} at ${origin} is removed; its owner has to set it again (pulumi up)`);
}
