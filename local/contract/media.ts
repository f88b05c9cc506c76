/** What stands in for the websites that files are fetched from, hostile ones among them. */

/** How the simulated media host misbehaves, on demand. */
export interface MediaFaults {
  /** Answers 503. */
  error?: boolean;
  hang?: boolean;
  /** Answers 429. */
  rateLimit?: boolean;
  /** Lets nobody in: 403, as large sites answer data centres. */
  refuses?: boolean;
  /** Files break off in the middle. */
  tears?: boolean;
  /** Bytes a second that a file comes at. */
  pace?: number;
}

export interface MediaOptions {
  /** Address to bind; default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  faults?: MediaFaults;
}

/** The simulated media host, with a server of names that knows `media.test` and names below it. */
export interface SimulatedMedia {
  /** `http://media.test:port`: files under it have names that this world resolves. */
  readonly origin: string;
  /** `address:port`: where it listens. */
  readonly address: string;
  /** `address:port` of its server of names. */
  readonly names: string;
  faults: MediaFaults;
  /** What can be asked for, each with what it is. */
  samples(): { link: string; what: string }[];
  stats(): { calls: number; bytes: number; inFlight: number };
  stop(): Promise<void>;
}
