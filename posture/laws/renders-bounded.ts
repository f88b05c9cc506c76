import { CLOSING, longestCall, providersInUse, settleTime, tasksLeft } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, clause, lessThan, law, ms, plain, type Clause } from './law.ts';

interface Kind {
  price: number;
  takes: number;
  deadline: number;
}

/** What the studio declares of itself: absent where the feature was taken out of the project. */
interface Studio {
  image: Kind;
  video: Kind;
  atOnce: number;
  poll: { first: number; max: number };
  orphan: number;
  reserve: number;
}
type Queues = Partial<Record<string, { concurrency: number; deadline: number; patience: number }>>;

const studioOf = (posture: Posture): Studio | undefined => (posture as { studio?: Studio }).studio;

/** Both kinds, each in its own words. */
const kindsOf = ({ image, video }: Studio): [string, Kind][] => [
  ['image', image],
  ['video', video],
];

/** A look a render and pause, at the longest pause: what all renders under way ask of the workers that are left. */
function looksFit(posture: Posture, { atOnce, poll }: Studio): Clause {
  const { takes, concurrency } = posture.providers.novita;
  const queue = (posture.work as Queues)['look'];
  const places = Math.min(concurrency, queue?.concurrency ?? 0) * tasksLeft(posture, posture.worker.tasks.min);
  const underWay = (atOnce * takes) / poll.max;
  const holds = underWay <= places + 1e-6;
  return clause(
    holds,
    `${atOnce} renders / poll.max ${ms(poll.max)} × ${ms(takes)} = ${plain(underWay)} looks at once ${holds ? '≤' : '>'} places of the workers that are left ${places}`,
    `at least ${Math.ceil(underWay)} places for looks at renders`,
    String(places),
  );
}

/** A step that was begun ends before a drain cuts it: a deploy neither begins a render twice nor shows it twice. */
function stepsFit(posture: Posture): Clause[] {
  const { worker, providers } = posture;
  const { deliver, render } = posture.work as Queues;
  const rest = { settle: settleTime(posture), closing: CLOSING };
  const upload = { 'telegram.upload.timeout': providers.telegram.upload.timeout };
  return [
    atMost({ novita: longestCall(providers.novita), ...rest }, { 'worker.drain': worker.drain }),
    atMost({ ...upload, ...rest }, { 'worker.drain': worker.drain }),
    lessThan({ novita: longestCall(providers.novita) }, { 'work.render.deadline': render?.deadline ?? 0 }),
    lessThan(upload, { 'work.deliver.deadline': deliver?.deadline ?? 0 }),
  ];
}

function clauses(posture: Posture): Clause[] {
  const studio = studioOf(posture);
  if (!studio || !providersInUse(posture).includes('novita'))
    return [clause(true, 'nothing is rendered', 'nothing', 'nothing')];
  const { deliver } = posture.work as Queues;
  const { renders: sweep } = posture.schedules as Partial<Record<string, { every: number; deadline: number }>>;
  return [
    ...kindsOf(studio).flatMap(([name, { takes, deadline }]) => [
      lessThan({ [`${name}.takes`]: takes, 'poll.max': studio.poll.max }, { [`${name}.deadline`]: deadline }),
      // Delivery begins at the deadline at the latest, and is given up after its patience and one more run.
      atMost(
        {
          [`${name}.deadline`]: deadline,
          orphan: studio.orphan,
          'deliver.patience': deliver?.patience ?? 0,
          'deliver.deadline': deliver?.deadline ?? 0,
          // Then they are ended, and told so, before their credits come back without a word.
          'renders.every': sweep?.every ?? 0,
          'renders.deadline': sweep?.deadline ?? 0,
        },
        { 'studio.reserve': studio.reserve },
      ),
    ]),
    lessThan({ 'poll.first': studio.poll.first }, { 'poll.max': studio.poll.max }),
    // Offered in place of a video that failed, at its own price.
    atMost({ 'image.price': studio.image.price }, { 'video.price': studio.video.price }, plain),
    looksFit(posture, studio),
    ...stepsFit(posture),
  ];
}

/** Renders end, are looked at within what the workers bear, and keep their credits until they have ended. */
export const rendersBounded = law({
  name: 'renders.bounded',
  prevents: ['blocking-poll', 'reload-in-prod', 'charge-without-record', 'render-orphan'],
  says: 'Renders under way are looked at within the places there are, each step ends within a drain, and credits are held for longer than a render lasts.',
  clauses,
});
