import { isSessionError, SessionError } from "../errors.js";

/** So many failures of the store one after another, and no more of it is asked: each may have taken ten seconds. */
const mostInARow = 3;

/** Which of an owner's sessions an action failed on: it goes on to the others, and says so in the end. */
export class Leftovers {
  readonly #errors: unknown[] = [];
  #inARow = 0;

  /** Does it for one more session. `undefined` where that failed, or where the store has failed too often to be asked. */
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

  /** Rejects where there are any; `what` could not be done to them. The errors are those of the cause. */
  assertNone(what: string): void {
    const count = this.#errors.length;
    if (count === 0) return;
    const code = this.#errors.every(isOfOne) ? "SESS_ENVELOPE" : "SESS_UNAVAILABLE";
    const message = `${count} of this owner's sessions could not be ${what}`;
    throw new SessionError(code, message, { cause: new AggregateError(this.#errors) });
  }
}

/** Whether it is about one record, and not about the store. */
function isOfOne(error: unknown): boolean {
  return isSessionError(error) && error.code === "SESS_ENVELOPE";
}
