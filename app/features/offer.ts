/** What a feature wants to be found by: a line of /help, and perhaps a button under the greeting. */
export interface Offer {
  /** `does` completes "/name – …". */
  command: { name: string; does: string };
  button?: { text: string; data: string };
}
