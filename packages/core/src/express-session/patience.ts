import { limits } from "../limits.js";

/** How long one request waits for the old store, in all its calls together: as long as for one call to a provider. */
export class Patience {
  readonly #due = performance.now() + limits.operation;

  /** Rejects when the time is up; what comes later is no answer any more. */
  wait<T>(call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(new Error(`no answer within ${limits.operation} ms`));
      const timer = setTimeout(giveUp, Math.max(0, this.#due - performance.now()));
      call()
        .then(resolve, reject)
        .finally(() => clearTimeout(timer));
    });
  }
}
