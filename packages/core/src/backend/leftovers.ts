import { isOfOneRecord, isSessionError, SessionError } from "../errors.js";
import { limits } from "../limits.js";

/** So many steps may time out before it counts that nothing else has succeeded. */
const leastFailures = 3;

/**
 * Which of an owner's sessions an action failed on: it goes on to the others, and says so in the end.
 *
 * A part of the store may be down, and then many fail at once, before the first of the others has succeeded. So failures
 * by themselves are no reason to stop, only that nothing has succeeded for as long as one operation may take.
 */
export class Leftovers {
  readonly #errors: unknown[] = [];
  #failures = 0;
  #since = performance.now();

  /** Does it for one more session. `undefined` where that failed, or where the store has failed for too long to be asked. */
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
