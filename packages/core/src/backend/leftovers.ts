import { isSessionError, SessionError } from "../errors.js";

/** After this many failures in a row, the store is not asked again: each may have taken ten seconds. */
const mostInARow = 3;

/**
 * Collects the sessions of an owner for which an action failed. The action goes on with the others and reports at the
 * end.
 */
export class Leftovers {
  readonly #errors: unknown[] = [];
  #inARow = 0;

  /**
   * Runs the action for one more session. `undefined` if it failed, or if the store has failed too often to be asked.
   */
  async attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    if (this.#inARow >= mostInARow) {
      this.#errors.push(new SessionError("SESS_UNAVAILABLE", "the session store was not asked any more"));
      return undefined;
    }
    try {
      const result = await action();
      this.#inARow = 0;
      return result;
    } catch (error) {
      if (isSessionError(error) && error.code === "SESS_CLOSED") throw error;
      this.#inARow = isOfOne(error) ? 0 : this.#inARow + 1;
      this.#errors.push(error);
      return undefined;
    }
  }

  /** Rejects if there are any; `what` names the action. The error is that of the cause. */
  assertNone(what: string): void {
    const count = this.#errors.length;
    if (count === 0) return;
    const code = this.#errors.every(isOfOne) ? "SESS_ENVELOPE" : "SESS_UNAVAILABLE";
    const message = `${count} of this owner's sessions could not be ${what}`;
    throw new SessionError(code, message, { cause: new AggregateError(this.#errors) });
  }
}

/** Whether an error is about one record and not about the store. */
function isOfOne(error: unknown): boolean {
  return isSessionError(error) && error.code === "SESS_ENVELOPE";
}
