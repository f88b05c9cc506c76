/** The features: a folder each, known by its face alone. What the bot handles, offers and does follows from this table. */
import { Composer } from 'grammy';
import type { OfferedCommand } from '../../posture/commands.ts';
import { SWITCHED, type DeclaredName, type FeatureName } from '../../posture/features/index.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { answerTap } from '../bot/answers.ts';
import type { BotContext } from '../bot/context.ts';
import type { Schedules } from '../jobs/index.ts';
import type { Jobs } from '../jobs/job.ts';
import { languages } from '../texts/index.ts';
import { basics } from './basics/index.ts';
import { chat } from './chat/index.ts';
import { echo } from './echo/index.ts';
import type { AnyFeature, Feature, FeatureNeeds, JobNeeds } from './feature.ts';
import { language } from './language/index.ts';
import { money } from './money/index.ts';
import type { Offer } from './offer.ts';
import { remind } from './remind/index.ts';
import { unread } from './unread/index.ts';
import { wallet } from './wallet/index.ts';

/** In the order in which they see an update. What posture/features declares and is missing here does not compile. */
const FEATURES = {
  unread,
  wallet,
  money,
  remind,
  chat,
  language,
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

const isShown = (posture: Posture, name: string, { shown }: Offer): boolean =>
  shown === 'always' || isOn(posture, name);

/** What can be begun, in the order of /help. */
export const offersOf = (posture: Posture): readonly Offer[] =>
  faces.flatMap(([name, { offers = [] }]) => offers.filter((offer) => isShown(posture, name, offer)));

/** Every command that a feature offers, for Telegram's menu: posture/commands.json is this. */
export const offeredCommands = (): OfferedCommand[] =>
  faces.flatMap(([feature, { offers = [] }]) =>
    offers.map(({ command: { name, does, isPrivate }, shown }): OfferedCommand => ({
      name,
      feature,
      shown: shown ?? 'on',
      chats: isPrivate ? 'private' : 'all',
      does: Object.fromEntries(languages.map((language) => [language, does(language)])),
    })),
  );

/** Exits come first: no entrance may stand before what was paid. */
export function composeFeatures(given: Omit<FeatureNeeds, 'offers'>): Composer<BotContext>[] {
  const { posture } = given;
  const offers = offersOf(posture);
  const needs: FeatureNeeds = { ...given, offers: () => offers };
  const called = new Composer<BotContext>();
  const notPlain = called.filter((ctx) => !isPlainText(ctx));
  const reads: Composer<BotContext>[] = [];
  for (const [, { exits }] of faces) if (exits) notPlain.use(exits(needs));
  for (const [name, face] of faces) {
    if (!isOn(posture, name)) {
      notPlain.use(closed(face));
      continue;
    }
    if (face.entrances) notPlain.use(face.entrances(needs));
    if (face.reads) reads.push(face.reads(needs));
  }
  return [called, ...reads];
}

/** Answers in place of the entrances of a feature that is off, where it has something to say. */
function closed({ offers = [], closed }: AnyFeature): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  if (!closed) return composer;
  const inPrivate = composer.chatType('private');
  const commands = offers.filter(({ shown }) => shown === undefined).map(({ command }) => command.name);
  if (commands.length > 0) inPrivate.command(commands, (ctx) => ctx.reply(closed.text(ctx.language)));
  if (closed.taps) inPrivate.callbackQuery([...closed.taps], async (ctx) => answerTap(ctx, closed.text(ctx.language)));
  return composer;
}

/** Who does the jobs that the posture declares. Those of a feature that is off are done as well: they were begun before. */
export const jobsOf = (needs: JobNeeds): Jobs =>
  Object.assign({}, ...faces.map(([, { jobs }]) => jobs?.(needs) ?? {})) as Jobs;

/** What runs by the clock for the features. */
export const schedulesOf = (needs: JobNeeds): Schedules =>
  Object.assign({}, ...faces.map(([, { schedules }]) => schedules?.(needs) ?? {})) as Schedules;
