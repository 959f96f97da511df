import { isOfOneRecord, isSessionError, SessionError } from "../errors.js";
import { limits } from "../limits.js";

/** Minimum number of timed-out steps before a lack of successes counts. */
const leastFailures = 3;

/**
 * Collects the sessions of an owner for which an action failed. The action continues with the others and reports at the
 * end.
 *
 * If a part of the store is down, many steps may fail at once before the first other one succeeds. Failures alone are
 * therefore no reason to stop. It stops when no step has succeeded for the time limit of an operation.
 */
export class Leftovers {
  readonly #errors: unknown[] = [];
  #failures = 0;
  #since = performance.now();

  /**
   * Runs the action for one more session. `undefined` if it failed, or if the store has failed for too long to be
   * asked.
   */
  async attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    if (this.#isDown) {
      this.#errors.push(new SessionError("SESS_UNAVAILABLE", "the session store was not asked any more"));
      return undefined;
    }
    try {
      const result = await action();
      this.#answered();
      return result;
    } catch (error) {
      if (isSessionError(error) && error.code === "SESS_CLOSED") throw error;
      if (isOfOneRecord(error)) this.#answered();
      else this.#failures++;
      // rule: all-others-are-ended
      this.#errors.push(error);
      return undefined;
    }
  }

  /** Rejects if there are any; `what` names the action. The error is that of the cause. */
  assertNone(what: string): void {
    const count = this.#errors.length;
    if (count === 0) return;
    const code = this.#errors.every(isOfOneRecord) ? "SESS_ENVELOPE" : "SESS_UNAVAILABLE";
    const message = `${count} of this owner's sessions could not be ${what}`;
    throw new SessionError(code, message, { cause: new AggregateError(this.#errors) });
  }

  get #isDown(): boolean {
    return this.#failures >= leastFailures && performance.now() - this.#since >= limits.operation;
  }

  #answered(): void {
    this.#failures = 0;
    this.#since = performance.now();
  }
}
