import { unavailable } from "./failure.js";

/** Maximum duration of a step in milliseconds: core gives up on a provider after ten seconds. */
const longest = 9000;

/**
 * Settles with the work, or rejects with `SESS_UNAVAILABLE` after nine seconds. A call to the file system cannot be
 * cancelled. It goes on, and closes what it has opened when the file system answers again.
 */
export function inTime<T>(work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(unavailable("the file system did not answer within 9 seconds")), longest);
    work()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
