/** People who order at the studio, with credits from the start, and what became of what they ordered. */
import assert from 'node:assert/strict';
import { withTx } from '../../../app/database/tx.ts';
import { balanceOf, checkLedger, credit, isSound, type Balance } from '../../../app/ledger/index.ts';
import type { ChatMessage } from '../../../local/contract/index.ts';
import { workerPool } from '../../harness/lanes.ts';
import type { Owner } from '../../harness/cleanup.ts';
import { waitFor } from '../../harness/wait.ts';
import { raised, type World } from '../../harness/world.ts';

/** What only a hang reaches, ms. */
export const WITHIN = Number(process.env['WITHIN'] ?? 120_000);

/** Quick looks, and a provider that is given up soon. */
export const QUICK = raised({
  providers: { novita: { timeout: '3s' } },
  studio: {
    image: { takes: '1s' },
    video: { takes: '1s' },
    poll: { first: '500ms', max: '1s' },
    perMinute: 10_000,
    orphan: '10s',
    // As many as may be looked at every second.
    atOnce: 8,
  },
});

export interface Row extends Record<string, unknown> {
  id: number;
  state: string;
  reason: string | null;
  tries: number;
  deliveries: number;
  task: string | null;
  prompt: string | null;
}

export function people(owner: Owner, world: World) {
  const { telegram, database, botId } = world;
  const pool = workerPool(owner, database, world.posture);

  const messages = (user: number): ChatMessage[] => telegram.messages(user).filter(({ from }) => from === 'bot');
  const said = (user: number, matching: RegExp): Promise<ChatMessage> =>
    waitFor(() => messages(user).find(({ text }) => matching.test(text)), {
      what: `${matching} to be said to ${user}, who has ${JSON.stringify(telegram.chats().includes(user) ? messages(user).map(({ text }) => text) : [])}`,
      within: WITHIN,
    });

  return {
    pool,
    messages,
    said,
    give: (userId: number, amount = 100n) => {
      telegram.open(userId);
      return withTx(pool, (tx) => credit(tx, { botId, userId, cause: `stars:${userId}` }, { amount, from: 'stars' }));
    },
    balance: (userId: number): Promise<Balance> => balanceOf(pool, { botId, userId }),
    /** Asks, and agrees to the price. */
    order: async (user: number, command: string): Promise<ChatMessage> => {
      telegram.say(user, command);
      const quote = await said(user, /You pay only when you have it/);
      telegram.tap(user, quote.messageId, quote.buttons[0]![0]!.callback_data!);
      return quote;
    },
    rows: (user: number): Promise<Row[]> =>
      database.sql<Row>(
        'SELECT id::int, state, reason, tries, deliveries, task, prompt FROM evenkeel.render WHERE user_id = $1 ORDER BY id',
        [user],
      ),
    /** Files that somebody has got. */
    files: (user: number): ChatMessage[] => messages(user).filter(({ media }) => media !== undefined),
    /** Presses a button, by what it says. */
    press: async (user: number, label: RegExp): Promise<void> => {
      const find = () =>
        messages(user)
          .toReversed()
          .flatMap(({ messageId, buttons }) => buttons.flat().map((button) => ({ messageId, button })))
          .find(({ button }) => label.test(button.text));
      const { messageId, button } = await waitFor(find, { what: `a button ${label}`, within: WITHIN });
      telegram.tap(user, messageId, button.callback_data!);
    },
    sound: async (): Promise<void> => {
      const check = await withTx(pool, checkLedger);
      assert.ok(
        isSound(check),
        JSON.stringify(check, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
      );
    },
    until: (what: string, holds: () => Promise<boolean> | boolean) =>
      waitFor(async () => ((await holds()) ? true : undefined), { what, within: WITHIN }),
  };
}
