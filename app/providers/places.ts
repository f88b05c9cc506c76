/** The bulkhead of a provider: so many calls at once, and others wait for a place, but not for longer than they can spare. */

/** Thrown to who has waited in vain. */
export class NoPlace extends Error {
  constructor(waited: number) {
    super(`no place within ${waited} ms`);
    this.name = 'NoPlace';
  }
}

export interface Places {
  /**
   * Resolves when there is a place, first come, first served; `leave` gives it back, once.
   * @throws {NoPlace} after the longest wait
   * @throws the signal's reason when it is aborted
   */
  take(signal: AbortSignal): Promise<() => void>;
}

export function createPlaces(places: number, longestWait: number): Places {
  let free = places;
  const waiting = new Set<() => void>();

  function leave(): void {
    const [next] = waiting;
    if (next) next();
    else free += 1;
  }

  const once = (): (() => void) => {
    let left = false;
    return () => {
      if (!left) leave();
      left = true;
    };
  };

  function wait(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        waiting.delete(enter);
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        end();
      };
      const enter = () => settle(() => resolve(once()));
      const abort = () => settle(() => reject(signal.reason as Error));
      const timer = setTimeout(() => settle(() => reject(new NoPlace(longestWait))), longestWait);
      waiting.add(enter);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  return {
    async take(signal) {
      signal.throwIfAborted();
      if (free === 0) return wait(signal);
      free -= 1;
      return once();
    },
  };
}
