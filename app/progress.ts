/** What a role has in hand, and how much it has ended so far in whatever way: what its watchdog goes by. */
export interface Progress {
  inHand: number;
  ended: number;
}
