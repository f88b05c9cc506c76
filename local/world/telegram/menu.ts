/** The menu of commands that somebody's app shows: the narrowest scope that has one, in their language if there is one. */
import type { BotCommand } from '../../contract/index.ts';
import type { Chat } from './chats.ts';

/** By scope and language, as setMyCommands was told. */
export type CommandsByScope = Map<string, unknown[]>;

export const scopeKey = (scope: unknown, language: string): string => JSON.stringify([scope, language]);

/** Scopes of a private chat, the narrowest first (source: Bot API, "Determining list of commands"). */
export function menuOf(commands: CommandsByScope, { id, languageCode }: Chat): BotCommand[] {
  const scopes = [{ type: 'chat', chat_id: id }, { type: 'all_private_chats' }, { type: 'default' }];
  // An IETF tag may name a region; menus are by language alone.
  const languages = [languageCode.slice(0, 2), ''];
  for (const scope of scopes)
    for (const language of languages) {
      const found = commands.get(scopeKey(scope, language));
      if (found && found.length > 0) return found as BotCommand[];
    }
  return [];
}
