/**
 * Milliseconds. These limits depend on each other, and the guarantees need their order: an operation is given up long
 * before the entry by which its batch is recognised is removed, and before a marker that refuses it expires.
 */
export const limits = {
  /** Any operation on a session, from the moment it is requested; also one step of a walk over an owner's sessions. */
  operation: 10_000,
  /** A write with an unknown outcome is not sent again later than this after it was first sent. */
  resend: 5_000,
  /** The difference that the clocks of processes on one store may have. */
  skew: 60_000,
  /** Entries of `recentWrites`: longer than {@link operation} and {@link skew} together. */
  // rule: an-entry-outlives-skew
  recentWrites: 90_000,
  /** Markers: at least a minute, and longer than the longest request expected. */
  // rule: markers-live-long-enough
  marker: 120_000,
  /** Counting and collecting, which take longer the more sessions there are. */
  walk: 600_000,
  /** Waiting commits of one session in one Manager: a number, not a time. */
  queue: 1_000,
  /** What waits in one Manager, in all, before more is refused: a number, of which a read takes one and a write two. */
  waiting: 20_000,
} as const;

/** Ten years, seconds: the longest lifetime, configured or of one session. */
export const longestLifetime = 10 * 365 * 86_400;
