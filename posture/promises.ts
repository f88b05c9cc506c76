/** What follows from a posture that obeys the laws: the figures that an operator may rely on. */
import { detectionTime } from './alarms/index.ts';
import { bounds, type Bound } from './capacity.ts';
import { MEASURED } from './costs.ts';
import { slowestAlarm } from './laws/alarms-detect.ts';
import { takeover } from './laws/lanes-recover.ts';
import { rollbackTerms } from './laws/rollout-converges.ts';
import {
  CLOSING,
  demand,
  hasMedia,
  keepaliveTimeout,
  peakConnections,
  rolesOf,
  settleTime,
  usableConnections,
} from './limits.ts';
import { lifetimeOf, RDS } from './outside.ts';
import { ms } from './readable.ts';
import type { Posture } from './schema/index.ts';

export interface Promised {
  /** Stable name for machines. */
  name: string;
  /** What is promised, in words. */
  says: string;
  /** Connections, updates a second, or milliseconds. */
  value: number;
  unit: 'connections' | 'updates' | 'ms';
  /** The value as people write it. */
  shown: string;
}

const time = (name: string, says: string, value: number): Promised => ({
  name,
  says,
  value,
  unit: 'ms',
  shown: ms(value),
});

const count = (name: string, says: string, value: number, of: number): Promised => ({
  name,
  says,
  value,
  unit: 'connections',
  shown: `${value} of ${of}`,
});

/**
 * The longest outage of the database after which Telegram still has every update of a type: its life, without the pause
 * until the next delivery and the answer to it.
 */
const bearableOutage = ({ telegram }: Posture, type: string): number =>
  lifetimeOf(type) - telegram.retryAfter - telegram.ackDeadline;

/** Outages by type of update, types that live equally long together. */
function outages(posture: Posture): Promised[] {
  const byLife = new Map<number, string[]>();
  for (const type of posture.telegram.allowedUpdates) {
    const life = bearableOutage(posture, type);
    byLife.set(life, [...(byLife.get(life) ?? []), type]);
  }
  return [...byLife].map(([life, types]) =>
    time(`outage.${types[0]!}`, `longest outage of the database that loses no ${types.join(', ')}`, life),
  );
}

function recovery({ database }: Posture): Promised[] {
  const [loss, outage] = database.multiAz ? [0, RDS.failover] : [RDS.recoveryPoint, 3_600_000];
  return [
    time('recovery.loss', 'data lost at most when the database host or its zone is lost', loss),
    time('recovery.outage', 'outage of the database then', outage),
    time(
      'recovery.point',
      "data lost at most when a person's mistake is undone by point-in-time recovery",
      RDS.recoveryPoint,
    ),
    time('recovery.reach', 'how far back point-in-time recovery reaches', database.backups),
  ];
}

const rollback = (posture: Posture): number =>
  Math.max(
    ...rolesOf(posture).map((role) => Object.values(rollbackTerms(posture, role)).reduce((sum, term) => sum + term, 0)),
  );

function detection(posture: Posture, severity: 'page' | 'ticket'): Promised[] {
  const slowest = slowestAlarm(posture, severity);
  if (!slowest) return [];
  return [
    time(`detect.${severity}`, `until a fault is a ${severity}, at worst (${slowest.id})`, detectionTime(slowest)),
  ];
}

/** Updates a second that the posture bears for ever: each bound, and the one that ends first. */
function capacity(posture: Posture): Promised[] {
  const rate = (name: string, says: string, value: number): Promised => ({
    name,
    says,
    value,
    unit: 'updates',
    shown: `${value}/s`,
  });
  const all = bounds(posture);
  const [first] = all as [Bound, ...Bound[]];
  return [
    rate(
      'capacity',
      `updates a second for ever: first ends ${first.name} (costs of ${MEASURED.date})`,
      first.perSecond,
    ),
    ...all.map(({ name, says, perSecond }) => rate(`capacity.${name}`, says, perSecond)),
  ];
}

/** The computed promises of a posture. */
export function promises(posture: Posture): Promised[] {
  const usable = usableConnections(posture);
  const { jobs, ingress, telegram } = posture;
  const longest = Math.max(...Object.values(jobs).map((job) => job.handler));
  return [
    count('connections.peak', 'connections wanted at the worst moment, of those usable', demand(posture), usable),
    ...rolesOf(posture).map((role) =>
      count(
        `connections.${role}`,
        `of them by role ${role}: its CONNECTION LIMIT`,
        peakConnections(posture, role),
        usable,
      ),
    ),
    time('connections.freed', 'until the connections of a lost host are free again', keepaliveTimeout(posture)),
    time('ack', 'until a webhook request is answered, at worst', telegram.ackDeadline),
    time('takeover', "until a crashed worker's chats are taken over", takeover(posture)),
    time('drain.web', 'until a leaving web task has finished', ingress.deregistrationDelay + telegram.ackDeadline),
    time('drain.worker', 'until a leaving worker has finished', longest + settleTime(posture) + CLOSING),
    ...(hasMedia(posture) ? [time('drain.media', 'until a leaving media task has finished', posture.media.drain)] : []),
    ...(['page', 'ticket'] as const).flatMap((severity) => detection(posture, severity)),
    time('rollback', 'from a bad deploy to the old tasks alone, at worst', rollback(posture)),
    ...outages(posture),
    ...recovery(posture),
    ...capacity(posture),
  ];
}
