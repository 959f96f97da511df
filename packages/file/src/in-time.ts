import { unavailable } from "./failure.js";

/** Longest time that a step may take, in milliseconds: core gives up on a provider after ten seconds. */
const longest = 9000;

/**
 * Settles with the work, or rejects with `SESS_UNAVAILABLE` after nine seconds. A call to the file system cannot be
 * called off: what is under way goes on, and closes what it has opened, should the file system come to life again.
 */
export function inTime<T>(work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(unavailable("the file system did not answer within 9 seconds")), longest);
    work()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
