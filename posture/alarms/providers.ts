/** Alarms on every provider under `providers`. A new one has them as soon as it says here what users miss without it. */
import { payersInUse, providersInUse } from '../limits.ts';
import type { CallbackSource } from '../payers.ts';
import type { Posture } from '../schema/index.ts';
import { alarm, type Alarm, type AlarmDraft, type ProviderName, type Severity } from './alarm.ts';
import { TASK, TASK_METRICS } from './metrics.ts';

/** Metrics in a log line are there within seconds of it. */
const DELAY = 30;

interface ProviderFacts {
  /** What users notice while its breaker is open. */
  missed: string;
  severity: Severity;
}

/** A provider that is declared but not described here does not compile. */
const PROVIDERS: Record<ProviderName, ProviderFacts> = {
  telegram: { missed: 'no answer reaches any user', severity: 'page' },
  // Users get a polite answer instead; nobody here can repair the provider at night.
  openrouter: { missed: 'questions are answered with an apology', severity: 'ticket' },
  // Renders wait, and in the end their credits go back.
  novita: { missed: 'pictures and videos are late, or not made', severity: 'ticket' },
  // It is given when the provider answers again, and nothing ends meanwhile.
  access: { missed: 'access that was paid for is given late', severity: 'ticket' },
};

/** Of those who take payments. People can pay by Stars meanwhile, and what they have paid is credited when it is over. */
const PAYERS: Record<CallbackSource, ProviderFacts & { id: string }> = {
  cryptoPay: { id: 'crypto-pay', missed: 'what is paid there is credited late', severity: 'ticket' },
  nowPayments: { id: 'now-payments', missed: 'what is paid there is credited late', severity: 'ticket' },
};

interface Watched extends ProviderFacts {
  /** In the alarm's name, kebab case. */
  id: string;
  name: ProviderName | CallbackSource;
  /** Of its breaker, ms. */
  window: number;
}

function breaker({ id, name, missed, severity, window }: Watched): AlarmDraft {
  return {
    id: `provider-${id}-breaker`,
    title: `The circuit breaker to ${name} stays open: ${missed}`,
    metric: { namespace: TASK, name: TASK_METRICS.breakerOpen, dimensions: ['stack', `provider:${name}`] },
    // A sample a minute of a breaker that tries again every openFor finds it open or half-open; 0.5 counts as trying.
    statistic: 'Maximum',
    comparison: '>=',
    threshold: 0.5,
    unit: 'Count',
    // 5 of 5 in the references; a page has room for three.
    periods: 5,
    datapoints: 5,
    missing: 'notBreaching',
    severity,
    faults: ['no-breaker', 'no-timeout', 'rate-limit', 'client-lifecycle'],
    onset: Math.ceil(window / 1000),
    delay: DELAY,
  };
}

/** Providers whose accounts are filled by us, with the alarm's name and what it says. */
const BILLED = {
  openrouter: {
    id: 'provider-balance-empty',
    title: 'Our account at OpenRouter is empty: questions are answered with an apology',
  },
  novita: {
    id: 'provider-novita-balance-empty',
    title: 'Our account at Novita is empty: no picture and no video is made, and credits go back',
  },
} as const;

/** Nothing mends it but a payment of ours, so it does not wait for the morning. */
const balanceEmpty = (name: keyof typeof BILLED): AlarmDraft => ({
  ...BILLED[name],
  metric: { namespace: TASK, name: TASK_METRICS.balanceEmpty, dimensions: ['stack', `provider:${name}`] },
  statistic: 'Maximum',
  comparison: '>=',
  threshold: 1,
  unit: 'Count',
  periods: 2,
  datapoints: 2,
  missing: 'notBreaching',
  severity: 'page',
  faults: ['no-degradation'],
  delay: DELAY,
});

export const providerAlarms = (posture: Posture): Alarm[] => [
  ...providersInUse(posture).flatMap((name) => [
    alarm(posture, breaker({ ...PROVIDERS[name], id: name, name, window: posture.providers[name].breaker.window })),
    ...(name in BILLED ? [alarm(posture, balanceEmpty(name as keyof typeof BILLED))] : []),
  ]),
  ...payersInUse(posture).map((name) =>
    alarm(posture, breaker({ ...PAYERS[name], name, window: posture.payments.providers.breaker.window })),
  ),
];
