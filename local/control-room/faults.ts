/** Faults of the outside world, switched from the page: what may be asked, how it is put into effect, how it is told. */
import { z } from 'zod';

const flag = z.boolean();
const latency = z.int().min(1).max(60_000).or(z.literal(false));

/** `false` clears a fault; what is not named stays as it is. */
export const telegramFaults = z.strictObject({
  rateLimit: z.union([z.strictObject({ retryAfter: z.int().min(1).max(3600) }), z.literal(false)]).optional(),
  hang: flag.optional(),
  error: flag.optional(),
  latency: latency.optional(),
  duplicates: z.int().min(1).max(10).or(z.literal(false)).optional(),
  loseAnswers: flag.optional(),
  refuse: flag.optional(),
  noDrafts: flag.optional(),
  noMarkup: flag.optional(),
});

export const providerFaults = z.strictObject({
  rateLimit: flag.optional(),
  hang: flag.optional(),
  error: flag.optional(),
  latency: latency.optional(),
  stalls: flag.optional(),
  cuts: flag.optional(),
  breaksOff: flag.optional(),
  noUsage: flag.optional(),
});

const payerFaults = z.strictObject({
  error: flag.optional(),
  loseAnswers: flag.optional(),
  loseCallbacks: flag.optional(),
  duplicates: z.int().min(1).max(10).or(z.literal(false)).optional(),
});

const novitaFaults = z.strictObject({
  rateLimit: flag.optional(),
  hang: flag.optional(),
  error: flag.optional(),
  empty: flag.optional(),
  loseAnswers: flag.optional(),
  loseCallbacks: flag.optional(),
  fails: flag.optional(),
  forgets: flag.optional(),
  resultGone: flag.optional(),
  drips: flag.optional(),
  slow: z.int().min(2).max(1000).or(z.literal(false)).optional(),
});

const accessFaults = z.strictObject({
  error: flag.optional(),
  hang: flag.optional(),
  loseAnswers: flag.optional(),
  notFound: flag.optional(),
  latency: latency.optional(),
});

const mediaFaults = z.strictObject({
  rateLimit: flag.optional(),
  hang: flag.optional(),
  error: flag.optional(),
  refuses: flag.optional(),
  tears: flag.optional(),
  pace: z.int().min(1).max(1_000_000_000).or(z.literal(false)).optional(),
});

const objectsFaults = z.strictObject({
  error: flag.optional(),
  hang: flag.optional(),
  denied: flag.optional(),
});

export const faultsBody = z.discriminatedUnion('target', [
  z.strictObject({ target: z.literal('telegram'), faults: telegramFaults }),
  z.strictObject({ target: z.literal('provider'), faults: providerFaults }),
  z.strictObject({ target: z.literal('novita'), faults: novitaFaults }),
  z.strictObject({ target: z.literal('access'), faults: accessFaults }),
  z.strictObject({ target: z.literal('media'), faults: mediaFaults }),
  z.strictObject({ target: z.literal('objects'), faults: objectsFaults }),
  z.strictObject({ target: z.literal('cryptoPay'), faults: payerFaults.extend({ nameless: flag.optional() }) }),
  z.strictObject({
    target: z.literal('nowPayments'),
    faults: payerFaults.extend({ oldSignature: flag.optional() }),
  }),
]);

/** Sets the named faults on a live world and clears those that are off, so that "off" is the absence of the key. */
export function inject<F extends object>(
  world: { faults: F },
  wanted: { [K in keyof F]?: F[K] | false | undefined },
): void {
  const faults = world.faults;
  for (const [key, value] of Object.entries(wanted)) {
    if (value === false || value === undefined) delete faults[key as keyof F];
    else faults[key as keyof F] = value as F[keyof F];
  }
  world.faults = faults;
}

function told(key: string, value: unknown): string {
  if (key === 'rateLimit') {
    const after =
      typeof value === 'object' && value !== null ? (value as { retryAfter: number }).retryAfter : undefined;
    return after === undefined ? 'answers 429' : `answers 429, retry after ${after} s`;
  }
  if (key === 'hang') return 'accepts calls and never answers';
  if (key === 'error') return 'answers 500';
  if (key === 'latency') return `answers after ${Number(value)} ms`;
  if (key === 'refuse') return 'refuses every message (400)';
  if (key === 'loseAnswers') return 'does what it is asked, but its answers are lost';
  if (key === 'loseCallbacks') return 'tells nobody of what has become of something';
  if (key === 'empty') return 'says that our account there is empty';
  if (key === 'fails') return 'fails at what it has begun';
  if (key === 'forgets') return 'does not know what it has begun';
  if (key === 'resultGone') return 'has lost its results';
  if (key === 'drips') return 'gives its results in drips';
  if (key === 'notFound') return 'answers 404, as a gateway that knows nobody';
  if (key === 'denied') return 'denies us the right (403)';
  if (key === 'refuses') return 'lets nobody in (403)';
  if (key === 'tears') return 'breaks off in the middle of a file';
  if (key === 'pace') return `gives its files at ${Math.round(Number(value) / 1024)} kB a second`;
  if (key === 'slow') return `takes ${Number(value)} times as long`;
  if (key === 'noDrafts') return 'does not know drafts';
  if (key === 'noMarkup') return 'cannot read markup (400)';
  if (key === 'stalls') return 'falls silent in the midst of an answer';
  if (key === 'cuts') return 'is cut in the midst of an answer';
  if (key === 'breaksOff') return 'fails in the midst of an answer';
  if (key === 'noUsage') return 'does not say what an answer took';
  if (key === 'nameless') return 'tells of payments without naming them';
  if (key === 'oldSignature') return 'signs in its older form';
  return `tells of everything up to ${Number(value)} times`;
}

export type Target = z.output<typeof faultsBody>['target'];

const NAMES: Record<Target, string> = {
  telegram: 'Telegram',
  provider: 'The AI provider',
  novita: 'Novita',
  access: 'The access provider',
  media: 'The website',
  objects: 'The object store',
  cryptoPay: 'Crypto Pay',
  nowPayments: 'NOWPayments',
};

/** One line of the log for each fault that was switched. */
export const toldFaults = (target: Target, wanted: object): { level: 'warn' | 'good'; text: string }[] =>
  Object.entries(wanted).map(([key, value]) => {
    const who = NAMES[target];
    return value === false
      ? { level: 'good', text: `Fault off: ${who} no longer ${NO_LONGER[key] ?? key}` }
      : { level: 'warn', text: `Fault on: ${who} ${told(key, value)}` };
  });

const NO_LONGER: Record<string, string> = {
  rateLimit: 'answers 429',
  hang: 'hangs',
  error: 'answers 500',
  latency: 'is slow',
  loseAnswers: 'loses answers',
  refuse: 'refuses messages',
  duplicates: 'repeats itself',
  loseCallbacks: 'is silent about what has become of something',
  empty: 'says that our account is empty',
  fails: 'fails at what it has begun',
  forgets: 'forgets what it has begun',
  resultGone: 'loses its results',
  drips: 'gives its results in drips',
  slow: 'takes longer',
  refuses: 'keeps us out',
  denied: 'denies us the right',
  tears: 'breaks off',
  pace: 'is slow',
  notFound: 'answers 404',
  nameless: 'leaves payments unnamed',
  oldSignature: 'signs in its older form',
  noDrafts: 'refuses drafts',
  noMarkup: 'refuses markup',
  stalls: 'falls silent half way',
  cuts: 'is cut half way',
  breaksOff: 'breaks off half way',
  noUsage: 'keeps to itself what an answer took',
};
