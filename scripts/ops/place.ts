/** A bot that can be asked: on this machine, in Docker, in AWS. */
import type { Outcome } from '../../app/ops/outcome.ts';

export interface Place {
  /** For the question before a change: `prod in AWS`. */
  name: string;
  /** Runs a verb there. Its arguments are what was typed, as the image reads it again. */
  ask(args: readonly string[]): Promise<Outcome>;
  /** A line for whoever waits, where it takes a while. */
  patience?: string;
}

/** Thrown where a place cannot be asked: one line, with what to do. */
export class PlaceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PlaceError';
  }
}
