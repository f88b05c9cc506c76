/** What stands in for the one who renders pictures and videos. */

/** How the simulated Novita misbehaves, on demand. */
export interface NovitaFaults {
  error?: boolean;
  hang?: boolean;
  rateLimit?: boolean;
  /** The account has nothing left. */
  empty?: boolean;
  /** A render begins, and the answer never comes. */
  loseAnswers?: boolean;
  /** A render is over, and nobody is told. */
  loseCallbacks?: boolean;
  /** Renders fail in the end. */
  fails?: boolean;
  /** It does not know its own renders. */
  forgets?: boolean;
  /** Results cannot be fetched. */
  resultGone?: boolean;
  /** Results come in drips, and break off. */
  drips?: boolean;
  /** How many times longer renders take. */
  slow?: number;
}

export interface NovitaOptions {
  /** Address to bind; default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** Default: a random one. */
  apiKey?: string;
  faults?: NovitaFaults;
  /** How long a render takes, ms; default 4,000 and 12,000. */
  takes?: { image?: number; video?: number };
  /** Of a video; default 512 KiB. */
  videoBytes?: number;
}

/** One render, as Novita has it. */
export interface NovitaTask {
  id: string;
  kind: 'image' | 'video';
  prompt: string;
  /** `TASK_STATUS_…` */
  status: string;
}

/** The simulated Novita. Prompts with the word "forbidden" are declined, results of those with "nude" are withheld. */
export interface SimulatedNovita {
  /** Value for NOVITA_BASE_URL. */
  readonly baseUrl: string;
  readonly apiKey: string;
  faults: NovitaFaults;
  /** All renders, the oldest first. */
  tasks(): NovitaTask[];
  /** A render ends now. @throws {RangeError} where it is not under way */
  finish(id: string, fate: 'done' | 'failed' | 'moderated'): void;
  stats(): { calls: number; submitted: number; fetched: number; callbacks: number; inFlight: number };
  stop(): Promise<void>;
}
