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
  /** A stream is silent for ever after half of the answer. */
  stalls?: boolean;
  /** A stream's connection is cut after half of the answer. */
  cuts?: boolean;
  /** Half of the answer has come when it is declined: 403 inside the stream. */
  declines?: boolean;
  /** A stream does not say what it took. */
  noUsage?: boolean;
  /** A stream says that it took a thousand times what it took. */
  overcounts?: boolean;
  /** Between two words of a stream, ms; default: that of the options. */
  pace?: number;
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
  /** Between two words of a stream, ms; default 0: all at once. */
  pace?: number;
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
