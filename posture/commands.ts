/** Telegram's menu of commands: what follows from the posture for each scope and language. */
import { SWITCHED, type FeatureName } from './features/index.ts';
import type { Posture } from './schema/index.ts';
import { EXAMPLE_OWNER } from './schema/payments.ts';
// Written by `npm run posture -- --commands` from what the features offer, whose texts stand beside their code.
import written from './commands.json' with { type: 'json' };

/** A command as a feature offers it. */
export interface OfferedCommand {
  name: string;
  /** Its feature: a key under `features`, or one that is always there. */
  feature: string;
  /** `on`: while its feature is. */
  shown: 'on' | 'always';
  /** Where it is of use. */
  chats: 'private' | 'all';
  /** The least role of those whom it is for; without: everybody. */
  role?: 'support' | 'owner';
  /** By language. */
  does: Readonly<Record<string, string>>;
}

/** Spoken to everybody whose language has no list of its own. */
const FALLBACK = 'en';
const SCOPES = ['all_private_chats', 'all_group_chats'] as const;

/** One call of setMyCommands. */
export interface Menu {
  scope: (typeof SCOPES)[number] | 'chat';
  /** Of the scope `chat`: whose. Of somebody who has never opened the bot Telegram takes none. */
  chat?: number;
  /** Telegram's `language_code`; empty: everybody else. */
  language: string;
  commands: { command: string; description: string }[];
}

/** What Telegram takes of a description, characters. */
const LONGEST = 256;

/** Telegram's BotCommandScope. */
export const scopeOf = ({ scope, chat }: Pick<Menu, 'scope' | 'chat'>): object => ({
  type: scope,
  ...(chat !== undefined && { chat_id: chat }),
});

const isShown = (posture: Posture, { shown, feature }: OfferedCommand): boolean =>
  shown === 'always' || !(feature in SWITCHED) || posture.features[feature as FeatureName];

/**
 * Telegram takes the list of the scope that fits best, and of that the one in the user's language: owners and support, whom
 * the posture names, have menus of their own, with what everybody has in it and what they may do.
 */
export function menus(posture: Posture, offered: readonly OfferedCommand[] = written as OfferedCommand[]): Menu[] {
  const shown = offered.filter((command) => isShown(posture, command));
  const languages = [...new Set(offered.flatMap(({ does }) => Object.keys(does)))];
  const inLanguages = (place: Pick<Menu, 'scope' | 'chat'>, commands: readonly OfferedCommand[]): Menu[] =>
    languages.map((language) => ({
      ...place,
      language: language === FALLBACK ? '' : language,
      commands: commands.map(({ name, does }) => ({
        command: name,
        description: (does[language] ?? does[FALLBACK]!).slice(0, LONGEST),
      })),
    }));
  const ofAll = shown.filter(({ role }) => role === undefined);
  const { owners, support } = posture.people;
  const people = [...new Set([...owners, ...support])].filter((id) => id !== EXAMPLE_OWNER);
  return [
    ...SCOPES.flatMap((scope) =>
      inLanguages(
        { scope },
        ofAll.filter(({ chats }) => scope === 'all_private_chats' || chats === 'all'),
      ),
    ),
    ...people.flatMap((chat) =>
      inLanguages(
        { scope: 'chat', chat },
        shown.filter(({ role }) => role !== 'owner' || owners.includes(chat)),
      ),
    ),
  ];
}
