/** Flags as a process knows them: a set in memory, read again every few seconds. Asking costs one look into it. */
import type { Posture } from '../../posture/schema/index.ts';
import type { Logger } from '../log.ts';
import { startLoop } from '../loop.ts';
import { flagNames, isInPosture } from './names.ts';
import { readOff, type Queries } from './store.ts';

/** Pause between two looks, ms: a flag holds within 5 s of its commit, a slow look included. */
const LOOK = 2_000;

export interface FlagState {
  posture: boolean;
  flag: boolean;
}

export interface Flags {
  /** Nothing is on before the first look. While the database is away the last one holds. */
  isOn(name: string): boolean;
  /** Of every name, for the health page. */
  state(): Record<string, FlagState>;
  /** Reads at once: before the first update is handled. */
  load(): Promise<void>;
  stop(): Promise<void>;
}

interface FlagsOptions {
  posture: Posture;
  /** A connection that is there anyway, beside the one that handlers wait for. */
  db: () => Queries;
  log: Logger;
}

export function startFlags({ posture, db, log }: FlagsOptions): Flags {
  const names = flagNames(posture);
  const declared = new Map(names.map((name) => [name, isInPosture(posture, name)]));
  let off: ReadonlySet<string> | undefined;

  async function look(): Promise<void> {
    const now = new Set(await readOff(db()));
    if (off) {
      for (const name of now) if (!off.has(name)) log.warn({ flag: name }, 'switched off by its flag');
      for (const name of off) if (!now.has(name)) log.warn({ flag: name }, 'switched on again by its flag');
    }
    off = now;
  }
  const looking = startLoop({ name: 'flags', every: LOOK, backoff: LOOK, log, turn: look });

  return {
    isOn: (name) => off !== undefined && !off.has(name) && declared.get(name) === true,
    state: () =>
      Object.fromEntries(
        names.map((name) => [name, { posture: declared.get(name) === true, flag: off?.has(name) !== true }]),
      ),
    load: look,
    stop: () => looking.stop(),
  };
}
