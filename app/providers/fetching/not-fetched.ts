/** Why something could not be fetched: each is told to who asked, in words of its own. */

export type Why =
  /** Its address, or one that it leads on to, is not of the public internet. */
  | 'address'
  /** It leads nowhere: no such host, nothing listens. */
  | 'unreachable'
  /** Nothing is there: 404, 410. */
  | 'gone'
  /** Those who ask from where we run are not let in: 401, 403, 451, a login, a proof of being human. */
  | 'refused'
  /** Its site asks us to come more slowly. */
  | 'crowded'
  /** Its site failed: 5xx, broken off. */
  | 'failed'
  /** Larger than may be. */
  | 'large'
  /** Took longer than may be. */
  | 'late'
  /** It leads in circles. */
  | 'circles'
  /** It is packed in a way that we do not open. */
  | 'packed'
  /** Nothing in it. */
  | 'empty'
  /** Several, where one was asked for. */
  | 'several'
  /** It is being broadcast just now, and has no end. */
  | 'live'
  /** A page, and nobody here can tell which file of it is meant. */
  | 'page'
  /** A page from which nothing can be taken. */
  | 'unsupported';

/** Trying again at once would end alike. */
export class NotFetched extends Error {
  override readonly name = 'NotFetched';
  readonly why: Why;
  constructor(why: Why, message: string) {
    super(message);
    this.why = why;
  }
}

/** What of {@link Why} may be otherwise in a moment. */
export const MAY_PASS: readonly Why[] = ['unreachable', 'crowded', 'failed'];
