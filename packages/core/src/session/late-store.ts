import { report } from "../diagnostics.js";

/**
 * Stores changes made after the end of the response. All changes of one turn of the event loop are stored together at
 * its end. A failure is reported, because no caller waits for it.
 */
export class LateStore {
  /** Whether there is a change that no commit has taken. The caller of a commit gets its failure. */
  readonly #isUntaken: () => boolean;
  readonly #store: () => Promise<void>;
  #planned = false;

  constructor(isUntaken: () => boolean, store: () => Promise<void>) {
    this.#isUntaken = isUntaken;
    this.#store = store;
  }

  plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#run().catch(report);
    });
  }

  async #run(): Promise<void> {
    // rule: late-changes-are-stored
    if (this.#isUntaken()) await this.#store();
  }
}
