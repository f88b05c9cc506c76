/**
 * What is on here although it is off as shipped, before the settings of the command line: where Telegram is simulated nobody
 * is charged and nobody's terms are broken, so every way to pay, and files behind links; and pictures and videos, where they
 * cost nothing or somebody has given the key that pays for them. Plans are let in by a simulated provider, and short.
 */
import { SWITCHED } from '../../posture/features/index.ts';

export function ownSettings(env: NodeJS.ProcessEnv): string[] {
  const isReal = Boolean(env['BOT_TOKEN']);
  const declared = Object.entries(SWITCHED);
  const paying = declared.filter(([, { paidBy }]) => paidBy.length > 0 && !isReal);
  const rendering = declared.filter(
    ([, { jobsAsk }]) => jobsAsk.includes('novita') && (!isReal || env['NOVITA_API_KEY']),
  );
  // Without the real one's key it is the simulated one, which lets nobody in anywhere: not where people are real.
  const letting = declared.filter(
    ([, { jobsAsk }]) => jobsAsk.includes('access') && (!isReal || env['ACCESS_API_KEY']),
  );
  const fetching = declared.filter(([name]) => name === 'downloads' && !isReal);
  return [
    ...[...paying, ...rendering, ...letting, ...fetching].map(([name]) => `features.${name}=true`),
    ...(letting.length > 0 && !isReal ? PLANS_TO_WATCH : []),
    ...(fetching.length > 0 ? ROOM_FOR_MEDIA : []),
  ];
}

/** The small database of a laptop has connections for media tasks as well where each of the workers holds fewer. */
const ROOM_FOR_MEDIA = ['worker.pool=5'];

/** A plan is tried, told of and over while somebody looks on, and one lasts an hour. */
const PLANS_TO_WATCH = [
  'plans.offered.month.credits=500',
  'plans.offered.month.period=30d',
  'plans.offered.month.stars=monthly',
  'plans.offered.hour.credits=20',
  'plans.offered.hour.period=1h',
  'plans.trial=3m',
  'plans.grace=2m',
  'plans.checkAfter=20s',
  ...['expiry', 'activation', 'trialNotices'].flatMap((name) => [
    `schedules.${name}.every=15s`,
    `schedules.${name}.deadline=10s`,
  ]),
];
