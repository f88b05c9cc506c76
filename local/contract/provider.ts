/** What stands in for the AI provider. */

/** How the simulated AI provider misbehaves, on demand. */
export interface ProviderFaults {
  error?: boolean;
  hang?: boolean;
  rateLimit?: boolean;
  /** Answers are of characters that nobody sees. */
  blank?: boolean;
  /** The account has nothing left: 402. */
  empty?: boolean;
  /** The model ends in the middle: an error inside a 200. */
  breaksOff?: boolean;
  /** Latency of each answer, ms. */
  latency?: number;
}

export interface ProviderOptions {
  /** Address to bind; default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** Default: a random one. */
  apiKey?: string;
  faults?: ProviderFaults;
}

/** The simulated OpenRouter-compatible provider. */
export interface SimulatedProvider {
  /** Value for OPENROUTER_BASE_URL (ends in /api/v1). */
  readonly baseUrl: string;
  readonly apiKey: string;
  faults: ProviderFaults;
  stats(): { calls: number; failed: number; inFlight: number };
  stop(): Promise<void>;
}
