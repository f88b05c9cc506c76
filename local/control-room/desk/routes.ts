/** The desk over HTTP: what lies on it, what a deed would do, and doing it. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { OpsUsage } from '../../../app/ops/parse.ts';
import type { Outcome } from '../../../app/ops/outcome.ts';
import type { Journal } from '../journal.ts';
import { parse, Refused } from '../refused.ts';
import { readDesk, SHOWN, type DeskView } from './items.ts';
import { deedOf, KINDS, usersOf, type Deed, type KindName } from './kinds.ts';
import { askOne, type Operator } from './operator.ts';
import { readSwitches, type SwitchView } from './switches.ts';

/** Several pages that look at once share one look; so long, ms. */
const FRESH = 500;

const kinds = Object.keys(KINDS) as [KindName, ...KindName[]];
const deedBody = z.strictObject({
  kind: z.enum(kinds),
  deed: z.string().max(20),
  ids: z
    .array(z.string().regex(/^(?!-)[\w.:-]{1,80}$/, 'is no id'))
    .max(SHOWN)
    .default([]),
  /** 0: of a message whose bot nobody has said. */
  bot: z.int().min(0).nullish(),
  reason: z.string().trim().min(1, 'say why: it is kept in the audit').max(500).optional(),
  credits: z.string().trim().max(20).optional(),
  user: z.string().trim().max(20).optional(),
  force: z.boolean().optional(),
  sent: z.boolean().optional(),
  dryRun: z.boolean().default(false),
});

const LOOK_UP = {
  user: ['user'],
  payment: ['payments', 'find'],
  story: ['story'],
  item: ['dead', 'show'],
  ledger: ['ledger', 'check'],
  reconcile: ['reconcile'],
  status: ['status'],
} as const satisfies Record<string, readonly string[]>;
const lookBody = z.strictObject({
  what: z.enum(Object.keys(LOOK_UP) as [keyof typeof LOOK_UP]),
  word: z.string().trim().max(200).default(''),
});

type Asked = z.output<typeof deedBody>;

/** As it would be typed. Options with their values in one word: a reason may begin with a dash. */
function commandOf(deed: Deed, { ids, bot, reason, credits, user, force, sent, dryRun }: Asked): string[] {
  const option = (name: string, value: string | undefined) => (value ? [`--${name}=${value}`] : []);
  const takesBot = deed.verb.startsWith('dead') || deed.verb.startsWith('unknown') || deed.fields !== undefined;
  return [
    ...deed.verb.split(' '),
    ...ids,
    ...(deed.options ?? []),
    ...(takesBot && bot ? [`--bot=${bot}`] : []),
    ...option('credits', credits),
    ...option('user', user),
    ...(force ? ['--force'] : []),
    ...(sent ? ['--sent'] : []),
    ...option('reason', reason),
    ...(dryRun ? ['--dry-run'] : []),
  ];
}

/** Whatever keeps calls for one thing to one at a time, and its answer for a moment. */
function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    if (!reading) {
      const mine = (reading = read());
      const forget = () => void (reading = reading === mine ? undefined : reading);
      void mine.then(
        () => void setTimeout(forget, FRESH).unref(),
        () => forget(),
      );
    }
    return reading;
  };
}

export interface Desk {
  operator: Operator;
  journal: Journal;
  /** How the page calls somebody, by their chat; undefined for whom it has no tab of. */
  nameOf: (chatId: number) => string | undefined;
}

const kindsOnPage = () =>
  Object.fromEntries(
    Object.entries(KINDS).map(([name, kind]) => [
      name,
      {
        ...kind,
        deeds: Object.fromEntries(
          Object.entries(kind.deeds as Readonly<Record<string, Deed>>).map(([deed, one]) => [
            deed,
            { ...one, users: usersOf(one) },
          ]),
        ),
      },
    ]),
  );

/** What cannot be understood is the person's mistake: 400, in one line. */
async function asking(operator: Operator, command: readonly string[]): Promise<Outcome> {
  try {
    return await askOne(operator, command);
  } catch (error) {
    if (error instanceof OpsUsage) throw new Refused(400, error.message);
    throw error;
  }
}

export function addDesk(app: FastifyInstance, { operator, journal, nameOf }: Desk): void {
  const desk = shared<DeskView>(() => readDesk(operator));
  const switches = shared<SwitchView[]>(() => readSwitches(operator));

  app.get('/api/desk', async () => {
    const { items, ...rest } = await desk();
    return { ...rest, items: items.map((item) => ({ ...item, who: item.chat && nameOf(Number(item.chat)) })) };
  });
  app.get('/api/desk/kinds', kindsOnPage);
  app.get('/api/flags', async () => {
    try {
      return await switches();
    } catch (error) {
      throw new Refused(503, (error as Error).message);
    }
  });

  app.post('/api/desk/look', async ({ body }) => {
    const { what, word } = parse(lookBody, body);
    return asking(operator, [...LOOK_UP[what], ...(word === '' ? [] : [word])]);
  });

  app.post('/api/desk', async ({ body }) => {
    const asked = parse(deedBody, body);
    const deed = deedOf(asked.kind, asked.deed);
    if (!deed) throw new Refused(400, `deed: nobody can do "${asked.deed}" to a ${asked.kind}`);
    if (asked.kind === 'flag' && asked.deed === 'on') {
      const one = (await switches()).find(({ name }) => name === asked.ids[0]);
      if (one && !one.posture)
        throw new Refused(409, `The posture has ${one.name} off, and no flag turns that on: features.${one.name}.`);
    }
    const outcome = await asking(operator, commandOf(deed, asked));
    const { ok = true, said } = outcome;
    if (asked.dryRun) return { ...outcome, ok };
    if (!ok) throw new Refused(409, said.join(' '));
    journal.add({ level: 'info', text: `By hand, ${deed.verb}: ${said.join(' ')}` });
    return { ...outcome, ok };
  });
}
