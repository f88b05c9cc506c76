/** People who send links, and what becomes of them. */
import type { ChatMessage } from '../../../local/contract/index.ts';
import { waitFor } from '../../harness/wait.ts';
import type { World } from '../../harness/world.ts';

/** What only a hang reaches, ms. */
export const WITHIN = Number(process.env['WITHIN'] ?? 120_000);

export interface Row extends Record<string, unknown> {
  id: number;
  state: string;
  reason: string | null;
  quality: string;
  leaves: number;
  link: string | null;
}

export function people(world: World) {
  const { telegram, media, database } = world;

  const messages = (user: number): ChatMessage[] => telegram.messages(user).filter(({ from }) => from === 'bot');
  const said = (user: number, matching: RegExp): Promise<ChatMessage> =>
    waitFor(() => messages(user).find(({ text }) => matching.test(text)), {
      what: () =>
        `${matching} to be said to ${user}, who has ${JSON.stringify(messages(user).map(({ text }) => text))}`,
      within: WITHIN,
    });

  /** Presses a button that was not there before `after`, by what it says. */
  async function press(user: number, label: RegExp, after = 0): Promise<void> {
    const find = () =>
      messages(user)
        .toReversed()
        .flatMap(({ messageId, buttons }) => buttons.flat().map((button) => ({ messageId, button })))
        .find(({ messageId, button }) => messageId > after && label.test(button.text));
    const { messageId, button } = await waitFor(find, {
      what: () =>
        `a button ${label} for ${user}, who has ${JSON.stringify(messages(user).map(({ text, buttons }) => [text, buttons.flat().map(({ text: on }) => on)]))}`,
      within: WITHIN,
    });
    telegram.tap(user, messageId, button.callback_data!);
  }

  return {
    messages,
    said,
    press,
    /** Sends a link, and agrees to have it as it is. */
    fetch: async (user: number, path: string, label = /^(Fetch it|Best quality)$/): Promise<void> => {
      telegram.open(user);
      const before = Math.max(0, ...messages(user).map(({ messageId }) => messageId));
      telegram.say(user, path.startsWith('http') ? path : `${media.origin}${path}`);
      await press(user, label, before);
    },
    rows: (user: number): Promise<Row[]> =>
      database.sql<Row>(
        'SELECT id::int, state, reason, quality, leaves, link FROM evenkeel.download WHERE user_id = $1 ORDER BY id',
        [user],
      ),
    /** Files that somebody has got. */
    files: (user: number): ChatMessage[] => messages(user).filter(({ media: file }) => file !== undefined),
    until: (what: string, holds: () => Promise<boolean> | boolean) =>
      waitFor(async () => ((await holds()) ? true : undefined), { what, within: WITHIN }),
  };
}
