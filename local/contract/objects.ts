/** What stands in for the object store: S3's own protocol, as far as the bot speaks it. */

/** How the simulated object store misbehaves, on demand. */
export interface ObjectsFaults {
  /** Answers 503. */
  error?: boolean;
  hang?: boolean;
  /** Answers 403, as where the rights are missing. */
  denied?: boolean;
}

export interface ObjectsOptions {
  /** Address to bind; default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  faults?: ObjectsFaults;
}

/** The simulated object store; what lies in it is on the disk, and gone when it ends. */
export interface SimulatedObjects {
  /** `http://address:port` */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  /** As S3 gives them; it does not check what is signed by them, only that something is, and until when. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  faults: ObjectsFaults;
  /** Keys of what lies there, with its bytes. */
  objects(): { key: string; size: number }[];
  /** Uploads in pieces that are neither whole nor called off. */
  stats(): { calls: number; open: number };
  stop(): Promise<void>;
}
