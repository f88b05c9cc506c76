/** How a provider of payments tells of them: again after an error, a few times, and then never. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface TellerOptions {
  /** Tries of one callback. */
  attempts: number;
  /** Between them, ms. */
  pause: number;
  /** Longest answer, ms. */
  patience: number;
}

export interface Teller {
  /** Tells, by and by; the signature is made for each try. */
  tell(body: string, headers: Record<string, string>): void;
  /** What the last tries were answered; 0: nothing. */
  readonly answers: number[];
  /** Resolves when nothing is told any more. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** What a simulated provider shows of its telling, and how it ends. */
export const untilStopped = (teller: Teller, server: { stop(): Promise<void> }) => ({
  answers: teller.answers,
  idle: () => teller.idle(),
  stop: async () => {
    await teller.stop();
    await server.stop();
  },
});

export function createTeller(url: () => string | undefined, { attempts, pause, patience }: TellerOptions): Teller {
  const ending = new AbortController();
  const under = new Set<Promise<void>>();
  const answers: number[] = [];

  async function run(body: string, headers: Record<string, string>): Promise<void> {
    for (let attempt = 1; attempt <= attempts && !ending.signal.aborted; attempt++) {
      const to = url();
      if (to === undefined) return;
      if (attempt > 1) await sleep(pause, undefined, { signal: ending.signal }).catch(() => undefined);
      const status = await fetch(to, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal: AbortSignal.any([ending.signal, AbortSignal.timeout(patience)]),
      }).then(
        async (response) => {
          await response.arrayBuffer();
          return response.status;
        },
        () => 0,
      );
      answers.push(status);
      if (status === 200) return;
    }
  }

  return {
    answers,
    tell(body, headers) {
      const one = run(body, headers).finally(() => under.delete(one));
      under.add(one);
    },
    idle: async () => {
      while (under.size > 0) await Promise.all(under);
    },
    stop: async () => {
      ending.abort();
      await Promise.all(under);
    },
  };
}
