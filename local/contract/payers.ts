/** What stands in for the providers of payments beside Telegram. */

/** How a simulated provider of payments misbehaves, on demand. */
export interface PayerFaults {
  /** Something changes, and nobody is told. */
  loseCallbacks?: boolean;
  /** Each callback is sent so many times. */
  duplicates?: number;
  /** What is asked for is made, and the answer never comes. */
  loseAnswers?: boolean;
  /** 500 to everything. */
  error?: boolean;
  /** Crypto Pay: tells of something that is no payment, signed all the same. */
  nameless?: boolean;
  /** Crypto Pay: money is not given back, by this name of an error. */
  refuseRefunds?: string;
  /** NOWPayments: signs as its older documents say, by names of the first level alone. */
  oldSignature?: boolean;
}

/** What somebody was asked to pay at a simulated provider of payments. */
export interface Bill {
  id: string;
  /** As the bot named its order: the Telegram id of who ordered stands first. */
  reference: string;
  /** What is due, or came without being due, such as "1.00 USD". */
  due: string;
  status: string;
  /** A page to pay on, as the bot was given it. */
  url?: string;
  /** Where coins are to be sent, as the bot was given it. */
  address?: string;
  /** What can become of it now, by name, with what a button says. */
  deeds: Readonly<Record<string, string>>;
}

/** What a person does at one of them, and what happens to their money there. */
export interface SimulatedPayer {
  faults: PayerFaults;
  /** The oldest first. */
  bills(): Bill[];
  /** @throws {RangeError} where this cannot become of it now */
  play(id: string, deed: string): void;
}

/** Providers of payments that are simulated here, by name. */
export type SimulatedPayers = Partial<Record<'cryptoPay' | 'nowPayments', SimulatedPayer>>;
