import { report } from "../diagnostics.js";

/**
 * Stores what is changed when nobody is left who would: after the end of the response. All that is changed in one turn
 * of the event loop is stored together, at its end, and a failure is reported: nobody waits for it.
 */
export class LateStore {
  /** Whether there is a change that no commit has taken: whoever asked for one hears of its failure himself. */
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
