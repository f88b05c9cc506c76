/** /user: what support has to know of somebody who asks for help, without a word of theirs. */
import type { Asked } from '../../bot/roles.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Pool } from '../../database/pool.ts';
import { laneOfChat } from '../../intake/update.ts';
import { keptUpdates } from '../../lanes/kept.ts';
import { balanceOf } from '../../ledger/index.ts';
import { unsaid } from '../../outbox/kept.ts';
import { accessesOf } from '../../payments/access.ts';
import { inAudit } from '../../people/index.ts';
import { LANGUAGES, spokenTo, type Language } from '../../texts/index.ts';
import { auditLook, called, paymentsOf, personOf, subscriptionsOf, type PersonRow } from './store.ts';
import { texts } from './texts.ts';

/** Payments that are shown. */
const SHOWN = 5;

const ID = /^\d{1,15}$/;
const NAME = /^@?([a-z]\w{2,63})$/i;

function known(language: Language, { since, days, app, language: chosen, blocked }: PersonRow): string[] {
  const seen =
    days === null
      ? texts['seen-never'](language)
      : days <= 0
        ? texts['seen-today'](language)
        : texts['seen-days'](language, { count: days });
  const speaks = LANGUAGES[spokenTo(chosen, app)].name;
  return [
    texts.since(language, { since, seen, language: speaks }),
    ...(blocked ? [texts['has-blocked'](language, { since: blocked })] : []),
  ];
}

/** What is known of one person; undefined where nobody has such an id here. */
async function describe(pool: Pool, botId: number, userId: number, language: Language): Promise<string | undefined> {
  const person = await personOf(pool, botId, userId);
  const payments = await paymentsOf(pool, botId, userId, SHOWN);
  const subscriptions = await subscriptionsOf(pool, botId, userId);
  const accesses = await accessesOf(pool, botId, userId);
  const { available, held, debt } = await balanceOf(pool, { botId, userId });
  if (!person && payments.length + accesses.length === 0 && available + held - debt === 0n) return undefined;
  const updates = await keptUpdates(pool, laneOfChat(botId, userId));
  const messages = await unsaid(pool, botId, userId);
  const who = String(userId);
  return [
    person?.username
      ? texts['user-named'](language, { who, name: `@${person.username}` })
      : texts.user(language, { who }),
    ...(person ? known(language, person) : []),
    texts.balance(language, { available, held, owed: -debt }),
    texts.payments(language, { count: Number(payments[0]?.count ?? 0n) }),
    ...payments.map(({ at, number, credits, state }) =>
      texts.payment(language, { at, receipt: `R-${number}`, credits, state }),
    ),
    ...subscriptions.map((one) => texts.subscription(language, one)),
    ...accesses.map(({ plan, state, until, graceUntil, confirmed }) =>
      texts.access(language, { plan, state, until: graceUntil ?? until, unconfirmed: confirmed ? 0 : 1 }),
    ),
    ...(updates.length + messages.length > 0
      ? [texts['waits-for-people'](language, { updates: updates.length, messages: messages.length })]
      : []),
  ].join('\n');
}

export const showUser =
  (pool: Pool) =>
  async (ctx: BotContext, { role, user, words }: Asked): Promise<unknown> => {
    const { language } = ctx;
    const botId = ctx.me.id;
    const name = NAME.exec(words)?.[1];
    if (!ID.test(words) && name === undefined) return ctx.reply(texts['user-usage'](language));
    const ids = name === undefined ? [Number(words)] : await called(pool, botId, name);
    const who = name === undefined ? words : `@${name}`;
    if (ids.length > 1) return ctx.reply(texts['user-several'](language, { who, ids: ids.join(', ') }));
    const [userId] = ids;
    const said = userId === undefined ? undefined : await describe(pool, botId, userId, language);
    if (said === undefined) return ctx.reply(texts['user-unknown'](language, { who }));
    await ctx.turn.transaction((tx) => auditLook(tx, { by: inAudit(role, user.id), botId, userId: userId! }));
    return ctx.reply(said);
  };
