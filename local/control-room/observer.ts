/** Looks at platform and world, and says which sections of the page changed since the last look. */
import type { Health } from '../../contract/health.ts';
import type { PlatformView, Simulated, TelegramStats } from '../contract/index.ts';
import type { Oncall } from '../oncall/watch.ts';
import { crowdProgress } from './crowd.ts';
import type { Promises } from './promises.ts';
import { growingTotal, slidingRate } from './rates.ts';
import { RATE_WINDOW_MS, type Sample, type Sections, type TaskOnPage, type Traffic } from './wire.ts';

/** Two minutes, one sample a second. */
const SAMPLES = 120;
const INTAKE = ['stored', 'duplicates', 'malformed', 'forbidden', 'refused'] as const;

export interface Observed extends Simulated {
  platform: PlatformView;
  oncall?: Pick<Oncall, 'view'> | undefined;
  promises: Pick<Promises, 'see' | 'rows'>;
}

/** The queues as a live task sees them; a worker's own view first. */
function queuesOf(tasks: readonly TaskOnPage[]): Health['queues'] | null {
  const seen = tasks.filter(({ health, frozen }) => health?.queues && !frozen);
  return (seen.find(({ role }) => role === 'worker') ?? seen[0])?.health?.queues ?? null;
}

const telegramStats = ({ pending, delivered, retried, sent, lastError, acks }: TelegramStats) => ({
  pending,
  delivered,
  retried,
  sent,
  lastError: lastError ?? null,
  acks: acks ?? null,
});

export type Observer = ReturnType<typeof createObserver>;

export function createObserver({
  platform,
  oncall,
  telegram,
  provider,
  novita,
  access,
  media,
  objects,
  payers,
  promises,
}: Observed) {
  const totals = { handled: growingTotal(), failed: growingTotal() };
  const intake = Object.fromEntries(INTAKE.map((name) => [name, growingTotal()]));
  const rates = {
    handled: slidingRate(RATE_WINDOW_MS),
    requests: slidingRate(RATE_WINDOW_MS),
    errors: slidingRate(RATE_WINDOW_MS),
  };
  const frozen = new Map<string, number | undefined>();
  const samples: Sample[] = [];
  let last: Sections | undefined;

  function tasksNow(): TaskOnPage[] {
    return platform.tasks().map((task) => {
      if (frozen.has(task.id) && frozen.get(task.id) !== task.pid) frozen.delete(task.id);
      return { ...task, frozen: frozen.has(task.id) };
    });
  }

  function traffic(at: number, tasks: readonly TaskOnPage[]): Traffic {
    const { url, requests, errors } = platform.frontDoor();
    for (const { id, health } of tasks) {
      for (const [lane, { handled, failed }] of Object.entries(health?.lanes ?? {})) {
        totals.handled.see(`${id}/${lane}`, handled);
        totals.failed.see(`${id}/${lane}`, failed);
      }
      for (const name of INTAKE) if (health?.intake) intake[name]!.see(id, health.intake[name]);
    }
    rates.handled.see(at, totals.handled.value());
    rates.requests.see(at, requests);
    rates.errors.see(at, errors);
    return {
      url,
      requests,
      errors,
      requestsPerSecond: rates.requests.perSecond(),
      errorsPerSecond: rates.errors.perSecond(),
      handled: totals.handled.value(),
      failed: totals.failed.value(),
      handledPerSecond: rates.handled.perSecond(),
      intake: {
        ...(Object.fromEntries(INTAKE.map((name) => [name, intake[name]!.value()])) as Omit<
          Traffic['intake'],
          'inFlight'
        >),
        inFlight: tasks.reduce((sum, { health }) => sum + (health?.intake?.inFlight ?? 0), 0),
      },
    };
  }

  function look(at: number): Sections {
    const tasks = tasksNow();
    const stats = telegram?.stats();
    const sections: Sections = {
      tasks,
      queues: queuesOf(tasks),
      traffic: traffic(at, tasks),
      database: platform.database(),
      telegram: stats ? telegramStats(stats) : null,
      provider: provider?.stats() ?? null,
      faults: {
        telegram: telegram ? { ...telegram.faults } : null,
        provider: provider ? { ...provider.faults } : null,
        novita: novita ? { ...novita.faults } : null,
        access: access ? { ...access.faults } : null,
        media: media ? { ...media.faults } : null,
        objects: objects ? { ...objects.faults } : null,
        cryptoPay: payers.cryptoPay ? { ...payers.cryptoPay.faults } : null,
        nowPayments: payers.nowPayments ? { ...payers.nowPayments.faults } : null,
      },
      links: media?.samples() ?? [],
      crowd: telegram ? crowdProgress(telegram) : null,
      oncall: oncall?.view() ?? null,
      promises: [],
    };
    promises.see(sections, platform.takeovers(), at);
    return { ...sections, promises: promises.rows() };
  }

  /** Adds a sample when the last is a second old. */
  function sampled(at: number, now: Sections): Sample | undefined {
    if (at - (samples[samples.length - 1]?.at ?? 0) < 950) return undefined;
    const queues = now.queues && Object.values(now.queues);
    const sample = {
      at,
      pending: queues ? queues.reduce((sum, queue) => sum + queue.pending, 0) : null,
      oldest: queues ? Math.max(0, ...queues.map((queue) => queue.oldestSeconds)) : null,
      handled: now.traffic.handledPerSecond,
      requests: now.traffic.requestsPerSecond,
    };
    samples.push(sample);
    if (samples.length > SAMPLES) samples.shift();
    return sample;
  }

  return {
    /** One look: what it was before, what it is, which sections differ, and a sample when one is due. */
    observe(at: number) {
      const before = last;
      const now = look(at);
      last = now;
      const changed = Object.fromEntries(
        Object.entries(now).filter(
          ([key, value]) => JSON.stringify(value) !== JSON.stringify(before?.[key as keyof Sections]),
        ),
      ) as Partial<Sections>;
      return { before, now, changed, sample: sampled(at, now) };
    },
    /** The last look, or a first one. */
    current: (): Sections => last ?? (last = look(Date.now())),
    /** Remembers that a task was frozen or thawed, which no health check tells apart from a hang. */
    freeze(taskId: string, pid: number | undefined, on: boolean): void {
      if (on) frozen.set(taskId, pid);
      else frozen.delete(taskId);
    },
    samples: (): readonly Sample[] => samples,
  };
}
