/** What people do in a soak with the features that sell something else than credits: plans, renders; and broadcasts. */
import { SWITCHED } from '../../posture/features/index.ts';
import type { ChatMessage } from '../../local/contract/index.ts';
import { answered, lastOf, RECEIPT, said, type Person } from './person.ts';
import { AUTHOR, until } from './stage.ts';

export type Work =
  | 'trial'
  | 'plan by credits'
  | 'plan by stars'
  | 'plan cancelled'
  | 'plan passes'
  | 'user gone'
  | 'render'
  | 'render cancelled'
  | 'broadcast';

/** Any of them may be deleted. */
const has = (feature: string, weight: number): number => (feature in SWITCHED ? weight : 0);

export const WORKS_MIX: Record<Work, number> = {
  trial: has('subscriptions', 2),
  'plan by credits': has('subscriptions', 5),
  'plan by stars': has('subscriptions', 3),
  'plan cancelled': has('subscriptions', 3),
  'plan passes': has('subscriptions', 6),
  'user gone': has('subscriptions', 1),
  render: has('studio', 9),
  'render cancelled': has('studio', 2),
  broadcast: has('broadcast', 1),
};

/** So long is waited for a receipt of a payment that may be refused: Telegram gives a question up after ten seconds. ms */
const PERHAPS = 20_000;
const DAY = 86_400_000;

/** @returns whether there is such a button */
function press({ stage, id }: Person, { messageId, buttons }: ChatMessage, label: RegExp): boolean {
  const data = buttons.flat().find(({ text }) => label.test(text))?.callback_data;
  if (data !== undefined) stage.telegram.tap(id, messageId, data);
  return data !== undefined;
}

const offer = (person: Person): Promise<ChatMessage> =>
  answered(person, () => person.stage.telegram.say(person.id, '/plans'), /^Which plan\?/);

/** Until a message of theirs says something else in its place. */
const becomes = (person: Person, { messageId }: ChatMessage, matching: RegExp): Promise<ChatMessage> =>
  until(
    `${matching} in place of ${messageId} to ${person.id}`,
    () =>
      person.stage.telegram.messages(person.id).find((one) => one.messageId === messageId && matching.test(one.text)),
    { signal: person.signal },
  );

/** Of a broadcast: one at a time, by one who does nothing else. */
let sending = false;

export const WORKS: Record<Work, (person: Person) => Promise<unknown>> = {
  async trial(person) {
    const plans = await offer(person);
    await answered(person, () => press(person, plans, /^Try/) || press(person, plans, /credits$/), CHOSEN);
  },

  async 'plan by credits'(person) {
    const plans = await offer(person);
    await answered(person, () => press(person, plans, /credits$/), CHOSEN);
  },

  async 'plan by stars'(person) {
    const { stage, id, signal } = person;
    const plans = await offer(person);
    const link = await answered(person, () => press(person, plans, /every month$/), /until you cancel|already/);
    const url = link.buttons[0]?.[0]?.url;
    if (url === undefined) return;
    const from = lastOf(person);
    stage.telegram.payLink(id, url);
    // Refused where another is paid meanwhile, and lost where a worker was killed with the question in hand.
    await until('a receipt', () => said(person, from, RECEIPT), { signal, within: PERHAPS }).catch(() => undefined);
    signal.throwIfAborted();
  },

  async 'plan cancelled'(person) {
    const shown = await answered(person, () => person.stage.telegram.say(person.id, '/access'), ACCESS);
    const choice = /^(End it|Go on)/;
    if (shown.buttons.flat().some(({ text }) => choice.test(text)))
      await answered(person, () => press(person, shown, choice), /^It ends|^It goes on|^There is nothing to change/);
  },

  // What a calendar does, to all that is known of what they have paid for.
  async 'plan passes'({ stage, id, random }) {
    const passed = random.between(5, 45) * DAY;
    await stage.pool.query(
      `WITH access AS (
         UPDATE evenkeel.access SET until = until - $3 * interval '1 ms', grace_until = grace_until - $3 * interval '1 ms'
         WHERE bot_id = $1 AND user_id = $2)
       UPDATE evenkeel.access_period SET since = since - $3 * interval '1 ms', until = until - $3 * interval '1 ms'
       WHERE bot_id = $1 AND user_id = $2`,
      [stage.botId, id, passed],
    );
  },

  // Somebody at the provider removes them by hand; it is asked whether they are there after the next change.
  async 'user gone'({ stage, id }) {
    if (!stage.access.remove(`tg-${stage.botId}-${id}`)) return;
    await stage.pool.query(
      'UPDATE evenkeel.access SET check_at = now() WHERE bot_id = $1 AND user_id = $2 AND check_at IS NULL',
      [stage.botId, id],
    );
  },

  async render(person) {
    const { stage, id, random } = person;
    const kind = random.next() < 0.7 ? 'image' : 'video';
    const quote = await answered(
      person,
      () => stage.telegram.say(id, `/${kind} soak ${random.between(1, 2 ** 40)}`),
      /You pay only when you have it/,
    );
    press(person, quote, /^Make/);
    await becomes(person, quote, /^(Agreed|You have one under way|Too many|You are short)/);
  },

  async 'render cancelled'(person) {
    const told = person.stage.telegram
      .messages(person.id)
      .findLast(({ buttons }) => buttons.flat().some(({ text }) => text === 'Cancel'));
    if (told) press(person, told, /^Cancel$/);
  },

  async broadcast(person) {
    if (sending) return;
    sending = true;
    const author: Person = { ...person, id: AUTHOR };
    const { telegram, pool, botId } = person.stage;
    try {
      const text = `news ${person.random.between(1, 2 ** 40)}`;
      await answered(author, () => telegram.say(AUTHOR, '/broadcast new'), /^What shall I tell people/);
      const card = await answered(author, () => telegram.say(AUTHOR, text), /^Above is what people will see/);
      press(author, card, /^Send to/);
      const sure = await becomes(author, card, /^Send it to/);
      press(author, sure, /^Yes/);
      await becomes(author, card, /^It goes out/);
      person.deeds.broadcasts.push(text);
      await until(
        'the broadcast to end',
        async () => {
          const { rows } = await pool.query(
            `SELECT FROM evenkeel.broadcast WHERE bot_id = $1 AND state = 'running' LIMIT 1`,
            [botId],
          );
          return rows.length === 0;
        },
        { signal: person.signal, every: 500 },
      );
    } finally {
      sending = false;
    }
  },
};

const CHOSEN =
  /^Your trial runs until|^A trial is once|credits? (is|are) held for your plan|^You are [\d,]+ credits? short/;
const ACCESS = /^You have no plan|^You try|^month (is|was) paid for|^month ended/;
