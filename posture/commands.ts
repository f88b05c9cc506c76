/** Telegram's menu of commands: what follows from the posture for each scope and language. */
import { SWITCHED, type FeatureName } from './features/index.ts';
import type { Posture } from './schema/index.ts';
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
  /** By language. */
  does: Readonly<Record<string, string>>;
}

/** Spoken to everybody whose language has no list of its own. */
const FALLBACK = 'en';
const SCOPES = ['all_private_chats', 'all_group_chats'] as const;

/** One call of setMyCommands. */
export interface Menu {
  scope: (typeof SCOPES)[number];
  /** Telegram's `language_code`; empty: everybody else. */
  language: string;
  commands: { command: string; description: string }[];
}

/** What Telegram takes of a description, characters. */
const LONGEST = 256;

const isShown = (posture: Posture, { shown, feature }: OfferedCommand): boolean =>
  shown === 'always' || !(feature in SWITCHED) || posture.features[feature as FeatureName];

/** Telegram takes the list of the scope that fits best, and of that the one in the user's language. */
export function menus(posture: Posture, offered: readonly OfferedCommand[] = written as OfferedCommand[]): Menu[] {
  const shown = offered.filter((command) => isShown(posture, command));
  const languages = [...new Set(offered.flatMap(({ does }) => Object.keys(does)))];
  return SCOPES.flatMap((scope) =>
    languages.map((language) => ({
      scope,
      language: language === FALLBACK ? '' : language,
      commands: shown
        .filter(({ chats }) => scope === 'all_private_chats' || chats === 'all')
        .map(({ name, does }) => ({
          command: name,
          description: (does[language] ?? does[FALLBACK]!).slice(0, LONGEST),
        })),
    })),
  );
}
