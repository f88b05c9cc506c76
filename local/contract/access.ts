/** What stands in for the one who lets people use what is sold by the period. */

/** How the simulated access provider misbehaves, on demand. */
export interface AccessFaults {
  /** Answers 500, and does nothing. */
  error?: boolean;
  /** Never answers. */
  hang?: boolean;
  /** Does it, and cuts the connection off instead of answering. */
  loseAnswers?: boolean;
  /** A gateway in between answers 404, and knows nothing of users. */
  notFound?: boolean;
  /** Answers so much later, ms. */
  latency?: number;
}

/** Somebody who may use what is sold, as the access provider has it. */
export interface AccessUser {
  id: string;
  plan: string;
  until: string;
}

/** The simulated access provider. */
export interface SimulatedAccess {
  /** Value for ACCESS_BASE_URL. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** What it does wrong from now on. */
  faults: AccessFaults;
  users(): AccessUser[];
  /** Somebody there removes a user by hand. @returns whether it was there */
  remove(id: string): boolean;
  stats(): Readonly<Record<'calls' | 'added' | 'renewed' | 'removed' | 'looked', number>>;
  stop(): Promise<void>;
}
