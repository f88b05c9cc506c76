/** What a feature wants to be found by: a line of /help, and perhaps a button under the greeting. */
import type { Role } from '../people/index.ts';
import type { Text } from '../texts/index.ts';

export interface Offer {
  /** `does` completes "/name – …". */
  command: {
    name: string;
    does: Text;
    /** Answered in private chats alone, so offered there alone. */
    isPrivate?: boolean;
  };
  /** The least role of those whom it is for: nobody else finds it, in /help or by its name. */
  role?: Role;
  button?: { text: Text; data: string };
  /** Default: while its feature is on. `always`: also while it is off, as it undoes or shows what was begun. */
  shown?: 'always';
}
