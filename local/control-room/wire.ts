/** What travels between the control room's server and its page. */
import type { Health, RoleDetails } from '../../contract/health.ts';
import type { OncallView } from '../oncall/watch.ts';
import type {
  AccessFaults,
  MediaFaults,
  NovitaFaults,
  ObjectsFaults,
  PayerFaults,
  ProviderFaults,
  SimulatedPayers,
  TaskView,
  TelegramFaults,
  TelegramStats,
} from '../contract/index.ts';

/** A task, and whether it was stopped by SIGSTOP from here. */
export interface TaskOnPage extends TaskView {
  frozen: boolean;
}

/** Rates are per second over the last {@link RATE_WINDOW_MS}; totals survive the restart of a task. */
export interface Traffic {
  url: string;
  requests: number;
  errors: number;
  requestsPerSecond: number;
  errorsPerSecond: number;
  handled: number;
  failed: number;
  handledPerSecond: number;
  intake: Omit<NonNullable<RoleDetails['intake']>, 'maxInFlight' | 'lastRequestAt'>;
}

/** A crowd that was told to say something: how much was stored and answered, and how long it waited (ms). */
export interface CrowdProgress {
  said: number;
  acknowledged: number;
  answered: number;
  outOfOrder: number;
  p50: number;
  p99: number;
}

/** Something that the posture promises and that was, or can be, tested here. */
export interface PromiseOnPage {
  name: string;
  says: string;
  /** What tests it. */
  how: string;
  /** As people write it. */
  promised: string;
  /** ms, or a number. */
  limit: number;
  isTime: boolean;
  last: Measured | null;
  worst: Measured | null;
  /** Just now, by what, since when. */
  testing: { by: string; since: number } | null;
}

export interface Measured {
  value: number;
  shown: string;
  by: string;
  at: number;
}

/** The parts of the page that change on their own; only those that did are sent. */
export interface Sections {
  tasks: TaskOnPage[];
  queues: Health['queues'] | null;
  traffic: Traffic;
  database: { state: 'up' | 'restarting' | 'down'; connections: number; maxConnections: number };
  telegram: {
    pending: number;
    delivered: number;
    retried: number;
    sent: number;
    lastError: string | null;
    acks: TelegramStats['acks'] | null;
  } | null;
  provider: { calls: number; failed: number; inFlight: number } | null;
  faults: {
    telegram: TelegramFaults | null;
    provider: ProviderFaults | null;
    novita: NovitaFaults | null;
    access: AccessFaults | null;
    media: MediaFaults | null;
    objects: ObjectsFaults | null;
  } & Record<keyof SimulatedPayers, PayerFaults | null>;
  /** Of the simulated websites, each with what is there: to be sent to the bot. */
  links: { link: string; what: string }[];
  crowd: CrowdProgress | null;
  /** The alarms of the posture, as far as this machine can measure for them. */
  oncall: OncallView | null;
  promises: PromiseOnPage[];
}

/** One point of the sparklines, once a second; null where it could not be known. */
export interface Sample {
  at: number;
  pending: number | null;
  oldest: number | null;
  handled: number;
  requests: number;
}

export interface LogEntry {
  id: number;
  at: number;
  level: 'info' | 'good' | 'warn' | 'bad';
  text: string;
}

export interface Room {
  id: number;
  name: string;
}

/** Window over which rates are taken: long enough to hold two polls of a task's health. */
export const RATE_WINDOW_MS = 5_000;
