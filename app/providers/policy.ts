/** One policy a provider, built from the posture: bulkhead, repeats, breaker, timeout (faults no-breaker, no-timeout). */
import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ExponentialBackoff,
  handleWhen,
  retry,
  SamplingBreaker,
  wrap,
} from 'cockatiel';
import type { CallbackSource } from '../../contract/paths.ts';
import { placeWait } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { RetryLater } from '../outcome.ts';
import { assertNoTransaction } from '../database/transaction.ts';
import type { Logger } from '../log.ts';
import { createPlaces, NoPlace } from './places.ts';

export type ProviderName = keyof Posture['providers'];

/** `not-done`: it surely did nothing. `unknown`: a request left, and no answer says what became of it. */
export type Outcome = 'not-done' | 'unknown';

/**
 * What of a call may be repeated on the spot. `safe`: whatever came of it, as doing it twice is doing it once.
 * `if-not-sent`: only what surely was not done. `never`: nothing; its caller looks first what became of it.
 */
export type Repeat = 'never' | 'if-not-sent' | 'safe';

/**
 * The provider did not do what was asked, or nobody knows whether it did, for a reason of its own: a message whose
 * sending ended in a timeout may have been delivered, and is not repeated on the spot (fault ambiguous-send).
 */
export class ProviderFailure extends Error {
  readonly outcome: Outcome;
  constructor(message: string, outcome: Outcome, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProviderFailure';
    this.outcome = outcome;
  }
}

export interface ProviderPolicy {
  /**
   * Runs a call; `signal` given to it is aborted at the declared timeout or when the caller's is. It is repeated on the
   * spot within the declared attempts, as far as `repeat` allows; default: `if-not-sent`.
   * @throws {RetryLater} when the breaker is open or too many calls wait
   * @throws {ProviderFailure} when the provider failed or did not answer in time
   */
  call<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal, repeat?: Repeat): Promise<T>;
  /** Of an open breaker that nobody has asked for a whole window it says `closed`: it has seen no failure in it. */
  state: () => { breaker: 'closed' | 'open' | 'half-open'; inFlight: number; failures: number };
  /** Whether the next call is no probe: nothing but a call closes a breaker, however old its failures are. */
  isClosed: () => boolean;
}

const STATE_NAMES = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  // Held open by hand; nothing here does so.
  [CircuitState.Isolated]: 'open',
} as const;

/** Pause asked for when no place was free for as long as a handler can spare. */
const CROWDED_PAUSE = 1_000;

/** What of a provider's declaration a policy is made of. */
type Declared = Pick<
  Posture['providers'][ProviderName],
  'timeout' | 'attempts' | 'backoff' | 'concurrency' | 'breaker'
>;

const declaredFor = (name: ProviderName | CallbackSource, { providers, payments }: Posture): Declared =>
  name in providers ? providers[name as ProviderName] : payments.providers;

/** @param declared in place of what the posture says of the provider's ordinary calls */
export function createPolicy(
  name: ProviderName | CallbackSource,
  posture: Posture,
  log: Logger,
  declared = declaredFor(name, posture),
): ProviderPolicy {
  const { breaker: limits } = declared;
  let failures = 0;
  let inFlight = 0;
  let lastHeard = 0;

  const breaker = circuitBreaker(
    handleWhen((error) => error instanceof ProviderFailure),
    {
      halfOpenAfter: limits.openFor,
      breaker: new SamplingBreaker({
        threshold: limits.failureRate,
        duration: limits.window,
        minimumRps: limits.minimumCalls / (limits.window / 1000),
      }),
    },
  );
  breaker.onStateChange((state) => log.warn({ provider: name, breaker: STATE_NAMES[state] }, 'breaker changed'));

  // One bulkhead and one breaker, whatever may be repeated.
  const places = createPlaces(declared.concurrency, placeWait(posture));
  const repeating = (worthIt: (failure: ProviderFailure) => boolean) =>
    wrap(
      retry(
        handleWhen((error) => error instanceof ProviderFailure && worthIt(error)),
        {
          maxAttempts: declared.attempts - 1,
          backoff: new ExponentialBackoff({ initialDelay: declared.backoff }),
        },
      ),
      breaker,
    );
  const policies = {
    never: breaker,
    'if-not-sent': repeating(({ outcome }) => outcome === 'not-done'),
    safe: repeating(() => true),
  } satisfies Record<Repeat, unknown>;

  async function call<T>(
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
    repeat: Repeat = 'if-not-sent',
  ): Promise<T> {
    assertNoTransaction(`a call to ${name}`);
    signal.throwIfAborted();
    inFlight += 1;
    let leave: (() => void) | undefined;
    try {
      leave = await places.take(signal);
      return await policies[repeat].execute(() => withDeadline(name, declared.timeout, signal, work), signal);
    } catch (error) {
      signal.throwIfAborted();
      throw translate(error);
    } finally {
      leave?.();
      inFlight -= 1;
      lastHeard = Date.now();
    }
  }

  function translate(error: unknown): unknown {
    if (error instanceof BrokenCircuitError)
      return new RetryLater(limits.openFor, `${name}: breaker is open`, { cause: error });
    if (error instanceof NoPlace)
      return new RetryLater(CROWDED_PAUSE, `${name}: too many calls wait`, { cause: error });
    failures += 1;
    return error;
  }

  // A quiet night after an outage must not read as an outage: the task next door may have had all the calls since.
  const isStale = () => inFlight === 0 && Date.now() - lastHeard > Math.max(limits.window, limits.openFor);
  return {
    call,
    state: () => ({ breaker: isStale() ? 'closed' : STATE_NAMES[breaker.state], inFlight, failures }),
    isClosed: () => breaker.state === CircuitState.Closed,
  };
}

/**
 * Ends a call at its timeout, or with its caller, and does not wait for work that ignores its signal. By hand: the
 * library's own timeout aborts a derived signal after every call, which at 2,000 calls/s was a tenth of a worker's CPU.
 */
function withDeadline<T>(
  name: string,
  timeout: number,
  caller: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const stop = (reason: Error) => {
      controller.abort(reason);
      reject(reason);
    };
    const leave = () => stop(caller.reason as Error);
    const timer = setTimeout(
      () => stop(new ProviderFailure(`${name}: no answer within ${timeout} ms`, 'unknown')),
      timeout,
    );
    caller.addEventListener('abort', leave, { once: true });
    work(controller.signal)
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
        caller.removeEventListener('abort', leave);
      });
  });
}
