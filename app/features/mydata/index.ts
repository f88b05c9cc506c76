/** /mydata: all that is kept of a person, said to them in as many messages as it takes. */
import { Composer } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import { balanceOf } from '../../ledger/index.ts';
import { laneOfChat } from '../../intake/update.ts';
import { wishes, wishOf } from '../../jobs/wishes.ts';
import { keptUpdates } from '../../lanes/kept.ts';
import { say } from '../../outbox/index.ts';
import { unsaid } from '../../outbox/kept.ts';
import { accessesOf } from '../../payments/access.ts';
import { heldBy, history, lateOf } from '../../payments/history.ts';
import type { Language } from '../../texts/index.ts';
import { split } from '../../text.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { sayBalance, sayHistory } from '../money/words.ts';
import { filesOf, linksOf } from './downloads.ts';
import { rendersOf } from './renders.ts';
import { keptOf, type Who } from './store.ts';
import { texts } from './texts.ts';

const DAY = 86_400_000;
/** Characters of words that are shown: some twenty messages, which take as many seconds. */
const ROOM = 80_000;
/** Movements of money that are shown. */
const MOVEMENTS = 500;

type Needs = Pick<FeatureNeeds, 'pool' | 'posture'>;

/** All of it as one text. */
export async function dataOf({ pool, posture }: Needs, who: Who, language: Language): Promise<string> {
  const { person, words, all, dialog, questions, orders, answers, received, subscriptions } = await keptOf(pool, who);
  const later = await wishes(pool, wishOf(who.botId, who.userId));
  const renders = await rendersOf(pool, who.botId, who.userId);
  const accesses = await accessesOf(pool, who.botId, who.userId);
  const links = await linksOf(pool, who.botId, who.userId);
  const files = await filesOf(pool, who.botId, who.userId);
  const unhandled = await keptUpdates(pool, laneOfChat(who.botId, who.userId));
  const untold = await unsaid(pool, who.botId, who.userId);
  const { updates, parked } = posture.database.retention;
  const nothing = texts.unsaid(language);
  const said = words.map(({ at, role, text }) => texts[`said-${role}`](language, { at, text }));
  const shown = latest(said);
  const balance = await balanceOf(pool, who);
  const lines = await history(pool, who.botId, who.userId, MOVEMENTS);
  const held = await heldBy(pool, who.botId, who.userId);
  const late = await lateOf(pool, who.botId, who.userId);
  return [
    person
      ? texts.person(language, { since: person.since, app: person.app ?? nothing, chosen: person.language ?? nothing })
      : texts['person-unknown'](language),
    ...(person?.username ? [texts['person-called'](language, { name: `@${person.username}` })] : []),
    ...(person?.seen ? [texts['person-seen'](language, { day: person.seen })] : []),
    ...(person && person.muted.length > 0 ? [texts.muted(language, { what: person.muted.join(', ') })] : []),
    texts.words(language, { count: all }),
    ...(shown.length < all ? [texts['words-older'](language, { count: all - shown.length })] : []),
    ...shown,
    ...(dialog ? [texts.dialog(language, { what: dialog.kind, state: JSON.stringify(dialog.state) })] : []),
    ...questions.map(({ action, input }) => texts.question(language, { what: action, input: JSON.stringify(input) })),
    ...later.map(({ queue, due, input }) =>
      texts.later(language, { what: queue, at: due, input: JSON.stringify(input) }),
    ),
    ...renders.map(({ at, prompt }) => texts.render(language, { at, text: prompt })),
    ...links.map(({ at, link }) => texts.download(language, { at, link })),
    ...files.map(({ until, name }) => texts.file(language, { until, name })),
    ...unhandled.flatMap(({ at, body }) => wordsOf(body).map((text) => texts.unhandled(language, { at, text }))),
    ...untold.flatMap(({ at, payload }) =>
      typeof payload.text === 'string' ? [texts.untold(language, { at, text: payload.text })] : [],
    ),
    texts.money(language),
    sayBalance(language, balance),
    // A debt is said by the balance already.
    sayHistory(language, { lines, held, late, debt: 0n }),
    ...(orders > 0 ? [texts.orders(language, { count: orders })] : []),
    ...(answers > 0 ? [texts.answers(language, { count: answers })] : []),
    ...(received > 0 ? [texts.received(language, { count: received })] : []),
    ...subscriptions.map((one) => texts.subscription(language, one)),
    ...accesses.map((one) => texts.access(language, one)),
    texts.elsewhere(language, {
      updates: Math.ceil(updates / DAY),
      undelivered: Math.ceil(parked / DAY),
    }),
    texts.forget(language),
  ].join('\n\n');
}

/** What somebody wrote or tapped in an update, as far as it is words. */
function wordsOf(body: string): string[] {
  type Words = Partial<Record<'text' | 'caption' | 'data', unknown>>;
  const update = JSON.parse(body) as Partial<Record<string, Words>>;
  const { message, edited_message: edited, callback_query: tap } = update;
  return [message?.text, message?.caption, edited?.text, edited?.caption, tap?.data].filter(
    (words) => typeof words === 'string',
  );
}

/** The last of them that fit, in their order. */
function latest(said: readonly string[]): string[] {
  let room = ROOM;
  const first = said.findLastIndex((line) => (room -= line.length) < 0) + 1;
  return said.slice(first);
}

function showing(needs: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.chatType('private').command('mydata', async (ctx) => {
    const who = { botId: ctx.me.id, userId: ctx.from.id };
    const parts = split(await dataOf(needs, who, ctx.language));
    // Said by the outbox: in order and at Telegram's pace, however many there are.
    await ctx.turn.transaction(async (tx) => {
      for (const [ordinal, text] of parts.entries())
        await say(tx, {
          cause: `mydata:${who.botId}:${ctx.update.update_id}`,
          ordinal,
          class: 'notice',
          chat: ctx.chat.id,
          method: 'sendMessage',
          payload: { text },
        });
      await ctx.turn.done(tx);
    });
  });
  return composer;
}

export const mydata: Feature = {
  offers: [{ command: { name: 'mydata', does: texts.does, isPrivate: true }, shown: 'always' }],
  exits: showing,
};
