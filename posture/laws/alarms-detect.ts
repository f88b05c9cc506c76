import { alarms, detectionTime, type Alarm, type Severity } from '../alarms/index.ts';
import { connectionsThreshold, deployConnections } from '../alarms/database.ts';
import { told } from '../recipients.ts';
import { demand, payersInUse, providersInUse, rolesOf, usableConnections } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, clause, law, lessThan, ms, plain, type Clause } from './law.ts';

/** The alarm of a severity that takes longest to notice. */
export function slowestAlarm(posture: Posture, severity: Severity): Alarm | undefined {
  return alarms(posture)
    .filter((alarm) => alarm.severity === severity)
    .reduce<Alarm | undefined>(
      (slowest, alarm) => (slowest && detectionTime(slowest) >= detectionTime(alarm) ? slowest : alarm),
      undefined,
    );
}

/** How long an alarm takes, in words: by values that breach, or by silence where that takes longer. */
function timing(alarm: Alarm): string {
  const takes = detectionTime(alarm) / 1000;
  const byValues = alarm.onset + (alarm.datapoints + 1) * alarm.period + alarm.delay;
  const course =
    takes === byValues
      ? `onset ${alarm.onset}s + (${alarm.datapoints} + 1) × ${alarm.period}s`
      : `silence of ${(takes - alarm.delay) / alarm.period} × ${alarm.period}s`;
  return `${course} + delay ${alarm.delay}s = ${ms(takes * 1000)}`;
}

function detectedInTime(posture: Posture, severity: Severity): Clause {
  const slowest = slowestAlarm(posture, severity);
  const within = posture.oncall.detectWithin[severity];
  const takes = slowest ? detectionTime(slowest) : Infinity;
  const holds = takes <= within;
  const of = alarms(posture).filter((alarm) => alarm.severity === severity).length;
  const sum = slowest ? `slowest ${severity} of ${of}, ${slowest.id}: ${timing(slowest)}` : `no ${severity}`;
  return clause(
    holds,
    `${sum} ${holds ? '≤' : '>'} detectWithin.${severity} ${ms(within)}`,
    `every ${severity} within ${ms(within)}`,
    ms(takes),
  );
}

const SEEN_BY_THE_BOT = 'bot-details-missing';

/** What must be watched, and the dimension by which an alarm shows that it watches it. */
function covered(posture: Posture, all: readonly Alarm[]): Clause {
  const watched = new Set<string>(all.flatMap((alarm) => alarm.metric.dimensions));
  // A server of somebody else is seen through the bot, which asks it at each look: silence of this one is a fault as well.
  if (posture.database.server === 'own' && all.some(({ id }) => id === SEEN_BY_THE_BOT)) watched.add('database');
  const wanted = [
    ...rolesOf(posture).map((role) => `${role}Service` as const),
    ...Object.keys(posture.jobs).map((queue) => `queue:${queue}`),
    ...[...providersInUse(posture), ...payersInUse(posture)].map((provider) => `provider:${provider}`),
    'database',
    'alb',
  ];
  const blind = wanted.filter((one) => !watched.has(one));
  return clause(
    blind.length === 0,
    blind.length === 0 ? `${wanted.length} parts watched: ${wanted.join(', ')}` : `nothing watches ${blind.join(', ')}`,
    'an alarm on every role, queue, provider, the database and the balancer',
    blind.join(', '),
  );
}

function wellFormed(all: readonly Alarm[]): Clause {
  const odd = all.filter(
    (alarm) =>
      alarm.runbook === '' ||
      alarm.faults.length === 0 ||
      alarm.datapoints < 1 ||
      alarm.datapoints > alarm.periods ||
      !(alarm.period === 10 || alarm.period === 30 || alarm.period % 60 === 0),
  );
  const ids = new Set(all.map((alarm) => alarm.id));
  const holds = odd.length === 0 && ids.size === all.length;
  return clause(
    holds,
    holds
      ? `${all.length} alarms, each with its own name, a runbook, the faults it shows and a period of whole minutes`
      : `alarms without runbook, fault, own name or whole period: ${odd.map((alarm) => alarm.id).join(', ') || 'two of one name'}`,
    'every alarm has a name of its own, a runbook, faults and a period that CloudWatch has',
    odd.map((alarm) => alarm.id).join(', '),
  );
}

/** Fires before the limit bites, and not in an ordinary deploy. */
function connectionsBetween(posture: Posture): Clause[] {
  // Without room for the demand there is nothing to lie between: connections.fit says so. Of a server of others nobody counts.
  if (demand(posture) > usableConnections(posture) || posture.database.server === 'own') return [];
  const threshold = connectionsThreshold(posture);
  return [
    // The alarm compares with >: exactly the threshold does not fire.
    atMost(
      { 'connections in a deploy': deployConnections(posture) },
      { 'threshold of database-connections': threshold },
      plain,
    ),
    lessThan({ 'threshold of database-connections': threshold }, { 'the budget': demand(posture) }, plain),
  ];
}

const plural = (count: number): string => `${count} ${count === 1 ? 'recipient' : 'recipients'}`;

/** A page that nobody gets wakes nobody; a ticket that nobody gets is a disk that is full one day. */
function somebodyIsTold({ stage, oncall }: Posture): Clause[] {
  if (stage !== 'production')
    return [clause(true, `${plural(told(oncall, 'page'))} of pages, none needed in development`, 'nothing', 'nobody')];
  return (['page', 'ticket'] as const).map((tells) =>
    clause(
      told(oncall, tells) > 0,
      `${plural(told(oncall, tells))} of ${tells}s`,
      `oncall.emails, oncall.https, oncall.${tells}, oncall.slack.${tells}${tells === 'page' ? ' or oncall.telegramChat' : ''} names somebody in a production stack`,
      'nobody',
    ),
  );
}

function clauses(posture: Posture): Clause[] {
  const all = alarms(posture);
  return [
    detectedInTime(posture, 'page'),
    detectedInTime(posture, 'ticket'),
    covered(posture, all),
    wellFormed(all),
    ...connectionsBetween(posture),
    ...somebodyIsTold(posture),
  ];
}

/** Whatever breaks is seen within the declared time by somebody who is told what to do. */
export const alarmsDetect = law({
  name: 'alarms.detect',
  prevents: ['passive-watchdog', 'no-health-page', 'quiet-false-alarm'],
  says: 'Every part has an alarm with a runbook that goes off within the declared time, and not in an ordinary deploy.',
  clauses,
});
