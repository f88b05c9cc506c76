/** How many updates a second a posture bears for ever, by what would end first. */
import { bearable, MEASURED, SUSTAINED_CORES } from './costs.ts';
import { providersOfUpdates } from './limits.ts';
import type { Posture } from './schema/index.ts';

export interface Bound {
  /** What ends there. */
  name: 'telegram' | 'delivery' | 'web' | 'worker' | 'database' | 'lanes' | 'places';
  says: string;
  /** Updates a second. */
  perSecond: number;
}

/** Share of the database's cores that is planned with; the rest is vacuum, backups and people. */
const PLANNED = 0.7;
/** CPU units of one core. */
const CORE = 1024;

const tasksCores = ({ scaling, ...posture }: Posture, role: 'web' | 'worker'): number =>
  posture[role].tasks.max * (posture[role].cpu / CORE) * scaling.cpu;

/** Every bound, the lowest first. An update is taken to be answered by one message. */
export function bounds(posture: Posture): Bound[] {
  const { database, jobs, providers, telegram, worker } = posture;
  const used = providersOfUpdates(posture);
  const perUpdate = used.reduce((sum, name) => sum + providers[name].takes, 0);
  const atOnce = (places: number, takes: number) => (places * worker.tasks.max * 1000) / takes;
  const all: Bound[] = [
    { name: 'telegram', says: 'messages that Telegram lets the bot send', perSecond: providers.telegram.rate.global },
    {
      name: 'delivery',
      says: `requests that Telegram has open, ${MEASURED.ack} ms each`,
      perSecond: (telegram.maxConnections * 1000) / MEASURED.ack,
    },
    { name: 'web', says: 'CPU of all web tasks', perSecond: bearable('web', tasksCores(posture, 'web')) },
    { name: 'worker', says: 'CPU of all workers', perSecond: bearable('worker', tasksCores(posture, 'worker')) },
    {
      name: 'database',
      says: `${database.instance} without its bursts`,
      perSecond: bearable('database', SUSTAINED_CORES[database.instance] * PLANNED),
    },
    { name: 'lanes', says: 'chats handled at once', perSecond: atOnce(jobs.chat.lanes, perUpdate) },
    {
      name: 'places',
      says: 'calls to providers open at once',
      perSecond: Math.min(...used.map((name) => atOnce(providers[name].concurrency, providers[name].takes))),
    },
  ];
  return all.map((one) => ({ ...one, perSecond: Math.floor(one.perSecond) })).sort((a, b) => a.perSecond - b.perSecond);
}
