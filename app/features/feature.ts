/** The face of a feature: all that the rest of the bot knows of it. */
import type { Api, Composer } from 'grammy';
import type { DeclaredName, QueuesOf, SlotsOf } from '../../posture/features/index.ts';
import type { JobName, Posture } from '../../posture/schema/index.ts';
import type { BotContext } from '../bot/context.ts';
import type { Pool } from '../database/pool.ts';
import type { Gauges } from '../health/gauges.ts';
import type { Job } from '../jobs/job.ts';
import type { ScheduleHandler } from '../jobs/run.ts';
import type { UpdateHandler } from '../lanes/update.ts';
import type { Blocked } from '../outbox/blocked.ts';
import type { Post } from '../outbox/index.ts';
import type { People } from '../people/index.ts';
import type { AccessProvider } from '../providers/access.ts';
import type { Fetching } from '../providers/fetching/index.ts';
import type { Novita } from '../providers/novita.ts';
import type { ObjectStore } from '../providers/objects.ts';
import type { OpenRouter } from '../providers/openrouter.ts';
import type { Tills } from '../payments/tills/index.ts';
import type { Language, Text } from '../texts/index.ts';
import type { Offer } from './offer.ts';

/** A way to pay beside Telegram Stars. */
export interface Way {
  /** On its button; it says the price itself. */
  label: (language: Language, values: { price: string }) => string;
  tap: RegExp;
  /** What the button carries for a package. */
  data: (name: string) => string;
}

/** What handlers of updates are made from. */
export interface FeatureNeeds {
  pool: Pool;
  posture: Posture;
  openrouter: OpenRouter;
  /** Told of what somebody has chosen, once it is committed. */
  people: Pick<People, 'chose'>;
  /** Providers beside Telegram that there is a key for. */
  tills?: Tills;
  /** Ways to pay beside Stars that are open just now. */
  ways: () => readonly Way[];
  /** What somebody can begin just now, in the order of /help. */
  offers: (userId: number | undefined) => readonly Offer[];
}

/** What handlers of jobs and schedules are made from. */
export interface JobNeeds {
  pool: Pool;
  posture: Posture;
  botId: number;
  /** Telegram's, under the declared policy. A send has no idempotency key: what must not be said twice goes by the outbox. */
  api: Api;
  /** Providers beside Telegram that there is a key for. */
  tills?: Tills;
  /** Where there is a key for it. */
  novita?: Novita | undefined;
  /** Where there is a key for it. */
  accessProvider?: AccessProvider | undefined;
  /** Directory for large files, of this task alone and gone with it. Undefined: no media task, so nothing can be fetched. */
  scratch?: string;
  /** What fetches files behind links. Undefined where nobody fetches any. */
  fetching?: Fetching | undefined;
  /** Where files lie that are too large for a chat, and the address of one by the secret part of its link. Undefined: nowhere. */
  keeping?: { store: ObjectStore; addressOf: (token: string) => string } | undefined;
  /** Where Novita says that a render is over, by the render's name; undefined: it is not told. */
  callbackOf?: ((render: string) => string) | undefined;
  /**
   * Says something to many, by sends that nobody repeats and that let all others pass within the rate; who does keeps the
   * books, and marks who has blocked the bot. Undefined where nobody says anything to many, as in tests of other things.
   */
  toMany?: { post: Post; mark: Blocked['mark'] };
}

type Part = (needs: FeatureNeeds) => Composer<BotContext>;

interface Handlers {
  /** What people can find it by: lines of /help, buttons under the greeting. */
  offers?: readonly Offer[];
  /** A way to pay: a button under each package, while it is on. */
  way?: Way;
  /** Commands, taps, checkouts that begin something: there while it is on. No message in people's own words comes here. */
  entrances?: Part;
  /** What people write in their own words, or send: there while it is on. */
  reads?: Part;
  /** It answers whatever people write: while a flag has it off, they are told so in its stead. */
  readsAll?: true;
  /** Commands, taps and payments that end, show or undo what was begun: there whatever is switched off. */
  exits?: Part;
  /** What a look at the database says of it, once a minute, whatever is switched off. */
  gauges?: Gauges;
  /** Is told that a render is over, whatever is switched off. */
  rendered?: (needs: JobNeeds) => UpdateHandler;
  /** What those are told who find its entrances closed. */
  closed?: {
    text: Text;
    taps?: readonly (string | RegExp)[];
    /** Also to who is about to pay: a question that nobody answers leaves them waiting for 10 s. */
    checkouts?: boolean;
  };
}

/** A queue that is declared needs who handles it; so does a schedule. Without, the face does not compile. */
type JobsOf<Name extends DeclaredName> = [QueuesOf<Name>] extends [never]
  ? { jobs?: undefined }
  : { jobs: (needs: JobNeeds) => { [Queue in QueuesOf<Name>]: Queue extends JobName ? Job<Queue> : never } };
type SchedulesOf<Name extends DeclaredName> = [SlotsOf<Name>] extends [never]
  ? { schedules?: undefined }
  : { schedules: (needs: JobNeeds) => Record<SlotsOf<Name>, ScheduleHandler> };

/** Any feature, as far as the table needs to know. */
export interface AnyFeature extends Handlers {
  jobs?: ((needs: JobNeeds) => object) | undefined;
  schedules?: ((needs: JobNeeds) => object) | undefined;
}

/** A feature that posture/features declares, by its name there; without a name, one that needs no more than updates. */
export type Feature<Name extends DeclaredName = never> = Handlers &
  ([Name] extends [never] ? { jobs?: undefined; schedules?: undefined } : JobsOf<Name> & SchedulesOf<Name>);
