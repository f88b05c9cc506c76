/** The Bot API's menu of commands: set, read, taken away. */
import { scopeOf, type Menu } from '../../posture/commands.ts';
import { call, type BotApi } from './telegram-api.ts';

export interface CommandsInputs extends BotApi {
  menus: Menu[];
}

const place = (menu: Menu) => ({ scope: scopeOf(menu), language_code: menu.language });
export const placeOf = ({ scope, chat, language }: Menu): string => `${scope}${chat ?? ''}:${language}`;

/**
 * Somebody with a role who has never opened the bot: Telegram knows no chat of theirs, and no menu of it. They find the
 * commands in /help, and the next refresh finds that there is a chat by then.
 */
const isNobodyThere = ({ chat }: Menu, error: unknown): boolean =>
  chat !== undefined && error instanceof Error && /chat not found/i.test(error.message);

async function set(bot: BotApi, menu: Menu): Promise<void> {
  const { commands } = menu;
  const [method, body] =
    commands.length === 0 ? ['deleteMyCommands', place(menu)] : ['setMyCommands', { ...place(menu), commands }];
  await call(bot, method, body).catch((error: unknown) => {
    if (!isNobodyThere(menu, error)) throw error;
  });
}

/** What Telegram has where the menus belong; of a chat that is not there, what belongs there. */
export async function found(bot: BotApi, menus: readonly Menu[]): Promise<Menu[]> {
  const all: Menu[] = [];
  for (const menu of menus) {
    const commands = await call<Menu['commands']>(bot, 'getMyCommands', place(menu)).catch((error: unknown) => {
      if (!isNobodyThere(menu, error)) throw error;
      return menu.commands;
    });
    all.push({ ...menu, commands: commands.map(({ command, description }) => ({ command, description })) });
  }
  return all;
}

/** Menus in one order, as text: equal where they say the same. */
export const asText = (menus: readonly Menu[]): string =>
  JSON.stringify(
    menus
      .map((menu) => [placeOf(menu), menu.commands.map(({ command, description }) => [command, description])])
      .sort(),
  );

/**
 * Sets every menu, takes those of `before` away that are not there any more, and proves it.
 * @throws one line, when Telegram refuses one or reports another one
 */
export async function establish({ menus, ...bot }: CommandsInputs, before: readonly Menu[] = []): Promise<void> {
  const places = new Set(menus.map(placeOf));
  for (const menu of menus) await set(bot, menu);
  for (const menu of before) if (!places.has(placeOf(menu))) await set(bot, { ...menu, commands: [] });
  if (asText(await found(bot, menus)) !== asText(menus))
    throw new Error('Telegram reports another menu of commands than was set. Is somebody else calling setMyCommands?');
}

/** Takes the menus away that are still as they were set. */
export async function remove({ menus, ...bot }: CommandsInputs): Promise<void> {
  const there = new Map((await found(bot, menus)).map((menu) => [placeOf(menu), asText([menu])]));
  for (const menu of menus) if (there.get(placeOf(menu)) === asText([menu])) await set(bot, { ...menu, commands: [] });
}
