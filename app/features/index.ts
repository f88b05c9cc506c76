/** The features: a folder each, known by its face alone. What the bot handles, offers and does follows from this table. */
import { Composer } from 'grammy';
import type { OfferedCommand } from '../../posture/commands.ts';
import { SWITCHED, type DeclaredName, type FeatureName } from '../../posture/features/index.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { answerTap } from '../bot/answers.ts';
import type { BotContext } from '../bot/context.ts';
import type { Gauges } from '../health/gauges.ts';
import type { Schedules } from '../jobs/index.ts';
import type { Jobs } from '../jobs/job.ts';
import type { UpdateHandler } from '../lanes/update.ts';
import { mayAs, roleOf } from '../people/index.ts';
import { languages, type Text } from '../texts/index.ts';
import { admin } from './admin/index.ts';
import { basics } from './basics/index.ts';
import { texts as basicTexts } from './basics/texts.ts';
import { broadcast } from './broadcast/index.ts';
import { chat } from './chat/index.ts';
import { cryptoPay } from './cryptoPay/index.ts';
import { downloads } from './downloads/index.ts';
import { echo } from './echo/index.ts';
import type { AnyFeature, Feature, FeatureNeeds, JobNeeds } from './feature.ts';
import { language } from './language/index.ts';
import { money } from './money/index.ts';
import { mydata } from './mydata/index.ts';
import { nowPayments } from './nowPayments/index.ts';
import type { Offer } from './offer.ts';
import { remind } from './remind/index.ts';
import { studio } from './studio/index.ts';
import { subscriptions } from './subscriptions/index.ts';
import { unread } from './unread/index.ts';
import { wallet } from './wallet/index.ts';

/** In the order in which they see an update. What posture/features declares and is missing here does not compile. */
const FEATURES = {
  broadcast,
  unread,
  wallet,
  cryptoPay,
  nowPayments,
  money,
  remind,
  studio,
  subscriptions,
  downloads,
  chat,
  language,
  mydata,
  admin,
  basics,
  echo,
} satisfies { [Name in DeclaredName]: Feature<Name> } & Record<string, AnyFeature>;

const faces: [string, AnyFeature][] = Object.entries(FEATURES);

/** True for what has no switch. */
const isOn = (posture: Posture, name: string): boolean => !(name in SWITCHED) || posture.features[name as FeatureName];

/**
 * What people write in their own words, which is nearly everything: no command, no tap, no payment. The features that wait
 * for one of those are passed over in one step, as each would cost every message its own.
 */
const isPlainText = ({ message }: BotContext): boolean => message?.text !== undefined && !message.text.startsWith('/');

/** What can be begun, in the order of /help. */
export const offersOf = (posture: Posture, isOpen = (name: string) => isOn(posture, name)): readonly Offer[] =>
  faces.flatMap(([name, { offers = [] }]) => offers.filter(({ shown }) => shown === 'always' || isOpen(name)));

/** Whom an offer is for: everybody, or those with a role. */
const isFor = ({ people }: Posture, { role }: Offer, userId: number | undefined): boolean =>
  role === undefined || (userId !== undefined && mayAs(roleOf(people, userId), role));

/** Every command that a feature offers, for Telegram's menus: posture/commands.json is this. */
export const offeredCommands = (): OfferedCommand[] =>
  faces.flatMap(([feature, { offers = [] }]) =>
    offers.map(({ command: { name, does, isPrivate }, shown, role }): OfferedCommand => ({
      name,
      feature,
      shown: shown ?? 'on',
      chats: isPrivate ? 'private' : 'all',
      ...(role && { role }),
      does: Object.fromEntries(languages.map((language) => [language, does(language)])),
    })),
  );

interface Given extends Omit<FeatureNeeds, 'offers' | 'ways'> {
  /** Whether people have it switched on just now (app/flags). Default: whatever the posture has on. */
  isOn?: (name: string) => boolean;
}

/** Exits come first: no entrance may stand before what was paid. */
export function composeFeatures({ isOn: flag = () => true, ...given }: Given): Composer<BotContext>[] {
  const { posture } = given;
  const isOpen = (name: string): boolean => isOn(posture, name) && (!(name in SWITCHED) || flag(name));
  const needs: FeatureNeeds = {
    ...given,
    offers: (userId) => offersOf(posture, isOpen).filter((offer) => isFor(posture, offer, userId)),
    ways: () => faces.flatMap(([name, { way }]) => (way && isOpen(name) ? [way] : [])),
  };
  const called = new Composer<BotContext>();
  const notPlain = called.filter((ctx) => !isPlainText(ctx));
  const reads: Composer<BotContext>[] = [];
  for (const [, { exits }] of faces) if (exits) notPlain.use(exits(needs));
  for (const [name, face] of faces) {
    const { entrances = nothing, reads: read } = face;
    if (!(name in SWITCHED)) {
      notPlain.use(entrances(needs));
      if (read) reads.push(read(needs));
    } else if (!isOn(posture, name)) {
      if (face.closed) notPlain.use(closed(posture, face, face.closed.text));
    } else {
      const says = face.closed?.text ?? basicTexts.closed;
      // Asked of each update anew: a look into the flags in memory.
      notPlain.branch(() => isOpen(name), entrances(needs), closed(posture, face, says));
      if (read) reads.push(either(() => isOpen(name), read(needs), face.readsAll ? unanswered(says) : nothing()));
    }
  }
  return [called, ...reads];
}

const nothing = (): Composer<BotContext> => new Composer<BotContext>();

function either(condition: () => boolean, yes: Composer<BotContext>, no: Composer<BotContext>): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.branch(condition, yes, no);
  return composer;
}

/** Answers in place of the entrances of a feature that is off. */
function closed(posture: Posture, { offers = [], closed: own }: AnyFeature, text: Text): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const inPrivate = composer.chatType('private');
  const taps = own?.taps ?? [];
  for (const offer of offers.filter(({ shown }) => shown === undefined))
    inPrivate
      .filter(({ from }) => isFor(posture, offer, from?.id))
      .command(offer.command.name, (ctx) => ctx.reply(text(ctx.language)));
  if (taps.length > 0) inPrivate.callbackQuery([...taps], async (ctx) => answerTap(ctx, text(ctx.language)));
  if (own?.checkouts)
    composer.on('pre_checkout_query', async (ctx) => {
      ctx.turn.log.warn({ refused: 'closed', userId: ctx.from.id }, 'payment refused before it was made');
      await ctx.answerPreCheckoutQuery(false, text(ctx.language));
    });
  return composer;
}

/** Answers in place of a feature that reads all that people write. */
function unanswered(text: Text): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.chatType('private').on(['message:text', 'message:caption'], (ctx) => ctx.reply(text(ctx.language)));
  return composer;
}

/** Who does the jobs that the posture declares. Those of a feature that is off are done as well: they were begun before. */
export const jobsOf = (needs: JobNeeds): Jobs =>
  Object.assign({}, ...faces.map(([, { jobs }]) => jobs?.(needs) ?? {})) as Jobs;

/** What runs by the clock for the features. */
export const schedulesOf = (needs: JobNeeds): Schedules =>
  Object.assign({}, ...faces.map(([, { schedules }]) => schedules?.(needs) ?? {})) as Schedules;

/** What the features say of themselves. */
export const gaugesOf = (): Gauges => Object.assign({}, ...faces.map(([, { gauges }]) => gauges ?? {})) as Gauges;

/** Who is told that a render is over; where nobody renders, it is done. */
export const renderedOf = (needs: JobNeeds): UpdateHandler =>
  faces.flatMap(([, { rendered }]) => (rendered ? [rendered(needs)] : []))[0] ?? (() => Promise.resolve());
