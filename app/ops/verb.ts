/** What people may ask of a running bot, each a verb: its words, what it takes, what it does and what users will see of it. */
import type { Posture } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import type { Outcome } from './outcome.ts';

/** Options by name; those with a value, and those without. */
export const OPTIONS = {
  reason: { type: 'string', says: 'why; kept in the audit' },
  bot: { type: 'string', says: "a bot's id, where the database has several" },
  queue: { type: 'string', says: 'of this queue alone' },
  limit: { type: 'string', says: 'rows at most (20)' },
  as: { type: 'string', says: 'what was found out: arrived or lost' },
  credits: { type: 'string', says: 'credits that a promo code gives, or a payment is worth' },
  user: { type: 'string', says: 'whose a payment is, where who paid is not known or not meant' },
  most: { type: 'string', says: 'people that a promo code is for (any number)' },
  days: { type: 'string', says: 'how long a promo code holds (until it is ended)' },
  all: { type: 'boolean', says: 'all of them' },
  force: { type: 'boolean', says: 'also where the credits are spent: what is missing becomes a debt' },
  sent: { type: 'boolean', says: 'it was sent back by hand: NOWPayments has no call for it' },
  'dry-run': { type: 'boolean', says: 'say what would be done, and do nothing' },
} as const;

export type OptionName = keyof typeof OPTIONS;

export interface Given {
  reason?: string;
  bot?: number;
  queue?: string;
  limit: number;
  credits?: number;
  user?: number;
  most?: number;
  days?: number;
  as?: 'arrived' | 'lost';
  all: boolean;
  force: boolean;
  sent: boolean;
  dryRun: boolean;
}

export interface Caller {
  who: string;
  via: string;
}

export interface Call extends Given {
  pool: Pool;
  posture: Posture;
  by: Caller;
  /** Ids of updates, or other words behind the verb's own. */
  words: readonly string[];
  /** Tells whoever waits, where it takes a while. */
  progress?: ((line: string) => void) | undefined;
}

export interface Verb {
  /** `dead redrive` */
  name: string;
  /** What follows the name, for the help: `UPDATE_ID…`. Nothing where it is empty. */
  takes:
    | ''
    | 'UPDATE_ID'
    | 'UPDATE_ID… | --all'
    | 'UPDATE_ID…'
    | 'USER_ID'
    | 'RECEIPT'
    | 'RECEIPT | --all'
    | 'CODE'
    | 'CLASS…'
    | 'SQL'
    | 'NAME';
  says: string;
  options: readonly OptionName[];
  /** What users will see of it. Only for what changes something: it is asked for, and wants a reason. */
  users?: string;
  run(call: Call): Promise<Outcome>;
}
