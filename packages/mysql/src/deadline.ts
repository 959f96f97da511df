/** An instant of the monotonic clock, in milliseconds, by which an operation must have settled. */
export type Deadline = number;
