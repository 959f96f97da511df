/** An instant of the monotonic clock, in milliseconds, by which an operation has settled. */
export type Deadline = number;
