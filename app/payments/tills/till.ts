/** Providers that take money outside of Telegram, as the rest of the bot knows them. */
import type { CallbackSource } from '../../../contract/paths.ts';
import type { Share } from '../decimal.ts';

/** What a provider says of one payment that it expects or has got. */
export interface Deposit {
  /** The provider's own, as text. */
  id: string;
  /** What it was given as the name of our order; undefined where it says none. */
  reference: string | undefined;
  /** Its word for how it is. */
  status: string;
  /**
   * `waits`: nothing has arrived, or not surely. `paid`: what arrived is to be credited. `over`: nothing will come of it,
   * or what came went back.
   */
  verdict: 'waits' | 'paid' | 'over';
  /** It may still change. */
  open: boolean;
  /** What arrived of the price; undefined where nobody can say, such as of another asset. */
  arrived: Share | undefined;
  /** What was paid in, in its own words, such as "10.5 TRX". */
  paid: string | undefined;
  /** The price that it was told, such as "1.00 USD". */
  price: { amount: string; currency: string };
  /** Of a second payment to one address: the first. */
  parent: string | undefined;
  /** Further payments to its address. */
  children: readonly string[];
}

export interface Wanted {
  reference: string;
  /** "1.45" */
  amount: string;
  /** ASCII. */
  description: string;
  /** How long it can be paid, ms. */
  lasts: number;
}

/** Where somebody pays. */
export interface Bill {
  id: string;
  status: string;
  /** A page, or what to send where. */
  url?: string;
  send?: { amount: string; currency: string; address: string; memo?: string };
}

/** How money goes back by a key of ours, once for each key, whoever repeats it (fault refund-twice). */
export interface GiveBack {
  /**
   * @param paid what came, in the provider's own words, such as "1.00 USDT"
   * @throws {ProviderFailure} {RetryLater}
   * @throws {TillRefusal} also where this key was used before: `made` tells
   */
  make(wanted: { key: string; userId: number; paid: string; comment: string }, signal: AbortSignal): Promise<void>;
  /** Whether it was given back under this key. */
  made(key: string, signal: AbortSignal): Promise<boolean>;
  /** The keys of all that was given back. */
  all(signal: AbortSignal): Promise<string[]>;
}

export interface Till {
  name: CallbackSource;
  /**
   * Asks for a payment. It has no key: one whose answer is lost leaves a bill that nobody sees, and that runs out unpaid.
   * @throws {ProviderFailure} {RetryLater} {TillRefusal}
   */
  open(wanted: Wanted, signal: AbortSignal): Promise<Bill>;
  /** The least that can be paid just now, in dollars, such as "1.25"; absent or undefined where nobody says. */
  least?(signal: AbortSignal): Promise<string | undefined>;
  /** Payments that one of its calls tells of. */
  atOnce: number;
  /** How these are now; one that it does not know is not among them. */
  look(ids: readonly string[], signal: AbortSignal): Promise<Deposit[]>;
  /** All that was paid, whoever knows of it; absent where nobody lists it to a key of ours. */
  allPaid?(signal: AbortSignal): Promise<Deposit[]>;
  /** Giving money back; absent where the provider has no such call, and a person does it. */
  giveBack?: GiveBack;
  /** The provider's id in one of its callbacks; undefined where there is none. Nothing else of a callback is believed. */
  idIn(json: unknown): string | undefined;
}

export type Tills = Partial<Record<CallbackSource, Till>>;

/** It understood and declined: key, amount, currency. */
export class TillRefusal extends Error {
  override readonly name = 'TillRefusal';
  /** The provider's own name of the error; undefined where it has none. */
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}
