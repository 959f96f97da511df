/**
 * Milliseconds. They hang together, and the order is what keeps the guarantees: an operation is given up long before the
 * entry by which its batch would recognise itself is pruned, and before a marker it could collide with is gone.
 */
export const limits = {
  /** Whatever is asked of a session, from the moment it is asked for; and one step of a walk over an owner's sessions. */
  operation: 10_000,
  /** A write whose outcome is unknown is not sent again later than so long after it was sent first. */
  resend: 5_000,
  /** What the clocks of processes over one store may differ by. */
  skew: 60_000,
  /** Entries of `recentWrites`: longer than {@link operation} and {@link skew} together. */
  // rule: an-entry-outlives-skew
  recentWrites: 90_000,
  /** Markers: at least a minute, and longer than the longest request expected. */
  // rule: markers-live-long-enough
  marker: 120_000,
  /** Counting and collecting, which take as long as there are sessions to look at. */
  walk: 600_000,
  /** Waiting commits of one session in one Manager: a number, not a time. */
  queue: 1_000,
  /** What waits in one Manager, in all, before more is refused: a number, of which a read takes one and a write two. */
  waiting: 20_000,
} as const;

/** Ten years, seconds: no lifetime is longer, configured or given to one session. */
export const longestLifetime = 10 * 365 * 86_400;
