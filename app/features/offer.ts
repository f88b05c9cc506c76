/** What a feature wants to be found by: a line of /help, and perhaps a button under the greeting. */
import type { Text } from '../texts/index.ts';

export interface Offer {
  /** `does` completes "/name – …". */
  command: { name: string; does: Text };
  button?: { text: Text; data: string };
  /** There also while the feature is off: it undoes or shows what was begun. */
  always?: boolean;
}
